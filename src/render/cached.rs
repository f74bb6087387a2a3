//! The models in the download caches, as a table for a terminal, as JSON or as CSV.

use std::io::{self, Write};

use serde::Serialize;

use crate::model::{CacheFolder, CachedModel, CachedModels, CachedState};
use crate::number;

use super::escape;
use super::json::SCHEMA_VERSION;
use super::page::Page;
use super::sentences::plural;
use super::style::Ink;
use super::table::{Align, Cell, Head, Table};
use super::view::View;

/// The output formats of `list`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ListFormat {
    /// For a terminal.
    #[default]
    Text,
    /// One object, for scripts.
    Json,
    /// One row for each model.
    Csv,
}

/// Longest version that is shown in a table: a revision of 40 digits is known by fewer.
const MAX_VERSION_CHARS: usize = 10;

/// Writes the list in this format.
pub fn write(
    list: &CachedModels,
    format: ListFormat,
    view: &View,
    out: &mut dyn Write,
) -> io::Result<()> {
    match format {
        ListFormat::Text => text(list, &mut Page::new(view, out)),
        ListFormat::Json => json(list, out),
        ListFormat::Csv => csv(list, out),
    }
}

fn text(list: &CachedModels, page: &mut Page<'_>) -> io::Result<()> {
    if list.models.is_empty() {
        nothing(list, page)?;
        return unread(list, page);
    }
    let mut shown = false;
    for cache in &list.caches {
        let models: Vec<&CachedModel> =
            list.models.iter().filter(|m| m.cache == cache.name).collect();
        if models.is_empty() {
            continue;
        }
        if shown {
            page.blank()?;
        }
        shown = true;
        let place = page.escape(&cache.path).into_owned();
        writeln!(page.out, "{}  {place}", page.style.paint(Ink::Strong, cache.name))?;
        table(&models, page).write(page.width, page.style, page.signs, page.out)?;
    }
    page.blank()?;
    page.line(Ink::Plain, &summary(list))?;
    doubts(list, page)?;
    unread(list, page)
}

/// Caches of which nothing is known.
fn unread(list: &CachedModels, page: &mut Page<'_>) -> io::Result<()> {
    for cache in &list.caches {
        let Some(problem) = &cache.problem else { continue };
        page.blank()?;
        let problem = page.escape(problem).into_owned();
        page.paragraph(0, Ink::Bad, &format!("{}: cannot be read: {problem}", cache.name))?;
        let place = page.escape(&cache.path).into_owned();
        let label = page.style.paint(Ink::Faint, "where:").into_owned();
        writeln!(page.out, "  {label} {place}")?;
    }
    Ok(())
}

fn nothing(list: &CachedModels, page: &mut Page<'_>) -> io::Result<()> {
    page.line(Ink::Plain, "There is no model in the download caches. Looked in:")?;
    for cache in &list.caches {
        let place = page.escape(&cache.path).into_owned();
        writeln!(page.out, "  {place}")?;
        let whose = format!("of {}; {} names another folder", cache.name, cache.variable);
        page.paragraph(4, Ink::Faint, &whose)?;
    }
    page.paragraph(
        0,
        Ink::Plain,
        "`tfcensus count HANDLE` downloads a model into the first two, where Python finds it too.",
    )
}

fn table(models: &[&CachedModel], page: &Page<'_>) -> Table {
    let head = |title, align, drop| Head { title, align, drop };
    let heads = vec![
        head("Handle", Align::Left, 0),
        head("Version", Align::Right, 2),
        head("Size", Align::Right, 1),
        head("Parameters", Align::Right, 0),
        head("State", Align::Left, 0),
    ];
    let rows = models.iter().map(|model| {
        let handle = match &model.handle {
            // Without the scheme it is understood as well, and more of it fits.
            Some(handle) => Cell::new(page.escape(match handle.strip_prefix("https://") {
                Some(short) if short.starts_with("tfhub.dev/") => short,
                _ => handle,
            })),
            None => Cell::new(page.escape(last_name(&model.path))).ink(Ink::Faint),
        };
        let version = model.version.as_deref().unwrap_or_default();
        let version: String = version.chars().take(MAX_VERSION_CHARS).collect();
        let parameters = model.parameters.map_or("?".into(), number::thousands);
        let (sign, ink) = match model.state {
            CachedState::Whole => (page.signs.check, Ink::Good),
            CachedState::Partial => (page.signs.partly, Ink::Warn),
            CachedState::Uncounted => ("?", Ink::Warn),
            CachedState::Contradicts | CachedState::Broken => (page.signs.cross, Ink::Bad),
        };
        vec![
            handle,
            Cell::new(page.escape(&version)),
            Cell::new(number::bytes(model.bytes)),
            Cell::new(parameters),
            Cell::new(format!("{sign} {}", model.state.as_str())).ink(ink),
        ]
    });
    Table { heads, rows: rows.collect() }
}

/// `3 models, 2 of them whole, 1.1 GiB`.
fn summary(list: &CachedModels) -> String {
    let all = list.models.len() as u64;
    let states = match list.whole() {
        whole if whole == all => String::new(),
        0 => ", none of them whole".into(),
        whole => format!(", {whole} of them whole"),
    };
    format!("{}{states}, {}", plural(all, "model"), number::bytes(list.bytes()))
}

/// What is wrong with each entry that cannot be used as it is, and what to do.
fn doubts(list: &CachedModels, page: &mut Page<'_>) -> io::Result<()> {
    for model in list.models.iter().filter(|m| m.state != CachedState::Whole) {
        page.blank()?;
        let name = model.handle.as_deref().unwrap_or_else(|| last_name(&model.path));
        let name = page.escape(name).into_owned();
        page.paragraph(0, Ink::Plain, &format!("{name}: {}", model.state.as_str()))?;
        if !model.detail.is_empty() {
            let detail = page.escape(&model.detail).into_owned();
            page.paragraph(2, Ink::Plain, &detail)?;
        }
        // Not wrapped: both are there to be copied.
        for (label, text) in [("where:", &model.path), ("do:   ", &advice(model))] {
            let label = page.style.paint(Ink::Faint, label).into_owned();
            let text = page.escape(text).into_owned();
            writeln!(page.out, "  {label} {text}")?;
        }
    }
    Ok(())
}

fn advice(model: &CachedModel) -> String {
    let again = match &model.handle {
        // Nothing is ever downloaded from there.
        Some(handle) if handle.starts_with("hf://") => {
            let repo = handle.trim_start_matches("hf://").split('@').next().unwrap_or_default();
            Some(format!("hf download {repo}"))
        }
        Some(handle) => Some(format!("tfcensus count {handle}")),
        None => None,
    };
    match (model.state, again) {
        (CachedState::Broken, Some(again)) => format!("{again}  (downloads it again)"),
        (CachedState::Broken, None) => "delete this folder".into(),
        (CachedState::Partial, Some(again)) => format!("{again}  (finishes the download)"),
        (CachedState::Partial, None) => {
            "ask for its handle again to finish the download, or delete it".into()
        }
        (CachedState::Contradicts, _) => {
            format!("tfcensus count {} --runtime off  (says more)", quoted(&model.path))
        }
        (CachedState::Whole | CachedState::Uncounted, _) => {
            format!("tfcensus count {}  (says more)", quoted(&model.path))
        }
    }
}

/// A path as a word of a POSIX shell.
fn quoted(path: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-+=:,@%".contains(c);
    match path.chars().all(plain) {
        true => path.to_owned(),
        false => format!("'{}'", path.replace('\'', "'\\''")),
    }
}

fn last_name(path: &str) -> &str {
    path.trim_end_matches('/').rsplit('/').next().unwrap_or(path)
}

#[derive(Serialize)]
struct JsonList<'a> {
    schema_version: u32,
    tfcensus_version: &'static str,
    caches: &'a [CacheFolder],
    models: &'a [CachedModel],
}

fn json(list: &CachedModels, out: &mut dyn Write) -> io::Result<()> {
    let list = JsonList {
        schema_version: SCHEMA_VERSION,
        tfcensus_version: env!("CARGO_PKG_VERSION"),
        caches: &list.caches,
        models: &list.models,
    };
    serde_json::to_writer_pretty(&mut *out, &list)?;
    writeln!(out)
}

fn csv(list: &CachedModels, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "cache,handle,version,bytes,parameters,state,detail,path")?;
    for model in &list.models {
        writeln!(
            out,
            "{},{},{},{},{},{},{},{}",
            model.cache,
            escape::csv(model.handle.as_deref().unwrap_or_default()),
            escape::csv(model.version.as_deref().unwrap_or_default()),
            model.bytes,
            model.parameters.map(|n| n.to_string()).unwrap_or_default(),
            model.state.as_str(),
            escape::csv(&model.detail),
            escape::csv(&model.path),
        )?;
    }
    Ok(())
}
