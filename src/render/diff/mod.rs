//! Shows a difference: as text, Markdown or JSON.

use std::io::{self, Write};

use serde_json::{Value, json};

use crate::diff::{ChangeKind, Diff, GroupChange, VariableChange, VariableState};
use crate::expect::Quantity;
use crate::model::Trainable;

use super::escape;
use super::style::Ink;
use super::table::{Align, Cell, Head, Table};
use super::text::Page;
use super::view::View;
use super::words::plural;
use crate::number::{bytes, signed, thousands};

/// Groups shown in text and Markdown.
const GROUPS: usize = 40;
/// Variables of one kind of change shown in text and Markdown.
const VARIABLES: usize = 12;

/// Formats of a difference.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DiffFormat {
    /// For a terminal.
    #[default]
    Text,
    /// For pull requests.
    Markdown,
    /// For scripts.
    Json,
}

/// Writes the difference.
pub fn write(diff: &Diff, format: DiffFormat, view: &View, out: &mut dyn Write) -> io::Result<()> {
    match format {
        DiffFormat::Text => text(diff, view, out),
        DiffFormat::Markdown => markdown(diff, out),
        DiffFormat::Json => super::json::write_lines(&document(diff), out),
    }
}

fn text(diff: &Diff, view: &View, out: &mut dyn Write) -> io::Result<()> {
    let mut page = Page::new(view, out);
    for (label, side) in [("before", &diff.before), ("after ", &diff.after)] {
        let line = format!("{label}  {} ({})", side.source, side.verdict.as_str());
        let line = page.escape(&line).into_owned();
        page.line(Ink::Plain, &line)?;
    }
    page.blank()?;
    let head = |title, align| Head { title, align, drop: 0 };
    let mut table = Table {
        heads: vec![
            head("Totals", Align::Left),
            Head { title: "Before", align: Align::Right, drop: 1 },
            head("After", Align::Right),
            head("Change", Align::Right),
        ],
        rows: Vec::new(),
    };
    for total in shown_totals(diff) {
        let change = i128::from(total.2) - i128::from(total.1);
        let ink = if change == 0 { Ink::Faint } else { Ink::Warn };
        table.rows.push(vec![
            Cell::new(total.0.as_str().replace('_', " ")),
            Cell::new(figure(total.0, total.1)),
            Cell::new(figure(total.0, total.2)),
            Cell::new(if change == 0 { "same".into() } else { signed(change) }).ink(ink),
        ]);
    }
    table.write(page.width, page.style, page.signs, page.out)?;
    if !diff.groups.is_empty() {
        page.blank()?;
        let mut table = Table {
            heads: vec![
                head("Groups", Align::Left),
                Head { title: "Before", align: Align::Right, drop: 1 },
                head("After", Align::Right),
                Head { title: "Trainable", align: Align::Right, drop: 2 },
            ],
            rows: Vec::new(),
        };
        for change in diff.groups.iter().take(GROUPS) {
            let (sign, ink) = match (&change.before, &change.after) {
                (None, _) => ("+", Ink::Good),
                (_, None) => ("-", Ink::Bad),
                _ => ("~", Ink::Warn),
            };
            let mut name = Cell::new(format!("{sign} {}", page.escape(group_name(change))));
            if let Some(class) = group_class(change) {
                name.tail = format!(" ({})", page.escape(&class));
            }
            let number = |state: &Option<crate::diff::GroupState>| {
                state.as_ref().map(|s| thousands(s.counts.parameters)).unwrap_or_default()
            };
            table.rows.push(vec![
                name.ink(ink),
                Cell::new(number(&change.before)),
                Cell::new(number(&change.after)),
                Cell::new(signed(trainable_change(change))),
            ]);
        }
        table.write(page.width, page.style, page.signs, page.out)?;
        more(diff.groups.len(), GROUPS, "groups", &mut page)?;
    }
    for (kind, changes) in by_kind(diff) {
        page.blank()?;
        let count = plural(changes.len() as u64, "variable");
        page.line(Ink::Strong, &format!("{count} {}", phrase(kind)))?;
        for change in changes.iter().take(VARIABLES) {
            let line = format!("{} {}", sign(kind), variable(change));
            let line = page.escape(&line).into_owned();
            page.paragraph(2, Ink::Plain, &line)?;
        }
        more(changes.len(), VARIABLES, "variables", &mut page)?;
    }
    page.blank()?;
    let summary = summary(diff);
    page.paragraph(0, Ink::Strong, &summary)
}

fn more(all: usize, shown: usize, what: &str, page: &mut Page<'_>) -> io::Result<()> {
    match all.saturating_sub(shown) {
        0 => Ok(()),
        more => {
            let line = format!("{} {more} more {what}", page.signs.ellipsis);
            page.paragraph(2, Ink::Faint, &line)
        }
    }
}

fn markdown(diff: &Diff, out: &mut dyn Write) -> io::Result<()> {
    let name = |text: &str| escape::markdown(text);
    writeln!(
        out,
        "## {} → {}\n\n{}\n",
        name(&diff.before.source),
        name(&diff.after.source),
        summary(diff)
    )?;
    writeln!(out, "| | Before | After | Change |\n|:--|--:|--:|--:|")?;
    for (quantity, before, after) in shown_totals(diff) {
        let change = i128::from(after) - i128::from(before);
        writeln!(
            out,
            "| {} | {} | {} | {} |",
            quantity.as_str().replace('_', " "),
            figure(quantity, before),
            figure(quantity, after),
            if change == 0 { "same".into() } else { signed(change) }
        )?;
    }
    writeln!(out)?;
    if !diff.groups.is_empty() {
        writeln!(out, "| Group | Before | After | Trainable |\n|:--|--:|--:|--:|")?;
        for change in diff.groups.iter().take(GROUPS) {
            let number = |state: &Option<crate::diff::GroupState>| {
                state.as_ref().map(|s| thousands(s.counts.parameters)).unwrap_or_default()
            };
            let class = group_class(change).map(|class| format!(" ({})", name(&class)));
            writeln!(
                out,
                "| {}{} | {} | {} | {} |",
                name(group_name(change)),
                class.unwrap_or_default(),
                number(&change.before),
                number(&change.after),
                signed(trainable_change(change))
            )?;
        }
        if diff.groups.len() > GROUPS {
            writeln!(out, "| … {} more | | | |", diff.groups.len() - GROUPS)?;
        }
        writeln!(out)?;
    }
    for (kind, changes) in by_kind(diff) {
        writeln!(out, "**{} {}**\n", plural(changes.len() as u64, "variable"), phrase(kind))?;
        for change in changes.iter().take(VARIABLES) {
            writeln!(out, "- {}", name(&variable(change)))?;
        }
        if changes.len() > VARIABLES {
            writeln!(out, "- … {} more", changes.len() - VARIABLES)?;
        }
        writeln!(out)?;
    }
    Ok(())
}

/// Totals that are something on either side.
fn shown_totals(diff: &Diff) -> impl Iterator<Item = (Quantity, u64, u64)> + '_ {
    diff.totals
        .iter()
        .filter(|total| {
            total.quantity == Quantity::Parameters || total.before > 0 || total.after > 0
        })
        .map(|total| (total.quantity, total.before, total.after))
}

fn figure(quantity: Quantity, value: u64) -> String {
    match quantity {
        Quantity::Bytes | Quantity::TrainableBytes => bytes(value),
        _ => thousands(value),
    }
}

fn group_name(change: &GroupChange) -> &str {
    if change.path.is_empty() { "(whole model)" } else { &change.path }
}

fn group_class(change: &GroupChange) -> Option<String> {
    let class =
        |state: &Option<crate::diff::GroupState>| state.as_ref().and_then(|s| s.class.clone());
    match (class(&change.before), class(&change.after)) {
        (Some(was), Some(is)) if was != is => Some(format!("{was}, now {is}")),
        (was, is) => is.or(was),
    }
}

fn trainable_change(change: &GroupChange) -> i128 {
    let trainable = |state: &Option<crate::diff::GroupState>| {
        state.as_ref().map_or(0, |state| i128::from(state.trainable))
    };
    trainable(&change.after) - trainable(&change.before)
}

/// Each kind of change that occurs, with its variables.
fn by_kind(diff: &Diff) -> impl Iterator<Item = (ChangeKind, Vec<&VariableChange>)> + '_ {
    ChangeKind::ALL.iter().filter_map(|kind| {
        let changes: Vec<_> =
            diff.variables.iter().filter(|change| change.kinds.contains(kind)).collect();
        (!changes.is_empty()).then_some((*kind, changes))
    })
}

fn phrase(kind: ChangeKind) -> &'static str {
    match kind {
        ChangeKind::TrainabilityUnclear => "of which one model does not say whether they train",
        kind => kind.as_str(),
    }
}

fn sign(kind: ChangeKind) -> &'static str {
    match kind {
        ChangeKind::Added => "+",
        ChangeKind::Removed => "-",
        _ => "~",
    }
}

/// A change on one line. Not escaped.
fn variable(change: &VariableChange) -> String {
    let holds = |state: &VariableState| {
        let count = plural(state.parameters, "parameter");
        format!("{} {}, {count}", state.dtype, state.shape)
    };
    match (&change.before, &change.after) {
        (Some(was), Some(is)) => {
            let mut text = is.name.clone();
            if was.name != is.name {
                text = format!("{}, was {}", is.name, was.name);
            } else if was.path != is.path {
                let path = |state: &VariableState| state.path.clone().unwrap_or_default();
                text = format!("{}: {}, was {}", is.name, path(is), path(was));
            }
            if was.shape != is.shape {
                text += &format!(": {}, was {}", is.shape, was.shape);
            }
            if was.dtype != is.dtype {
                text += &format!(": {}, was {}", is.dtype, was.dtype);
            }
            text
        }
        (Some(only), None) | (None, Some(only)) => format!("{}: {}", only.name, holds(only)),
        (None, None) => String::new(),
    }
}

/// The difference in one sentence.
fn summary(diff: &Diff) -> String {
    if diff.is_empty() {
        let count = plural(diff.unchanged, "variable");
        return format!("No difference in {count}. Values of weights are not compared.");
    }
    let mut parts: Vec<String> = ChangeKind::ALL
        .iter()
        .map(|kind| (diff.count(*kind), *kind))
        .filter(|(count, _)| *count > 0)
        .map(|(count, kind)| format!("{} {}", thousands(count), kind.as_str().replace('_', " ")))
        .collect();
    if diff.unchanged > 0 {
        parts.push(format!("{} unchanged", thousands(diff.unchanged)));
    }
    if parts.is_empty() {
        return "No variable differs, but totals or groups do.".into();
    }
    format!("Variables: {}.", parts.join(", "))
}

fn document(diff: &Diff) -> Value {
    let totals: serde_json::Map<String, Value> = diff
        .totals
        .iter()
        .map(|total| {
            let values = json!({ "before": total.before, "after": total.after });
            (total.quantity.as_str().to_owned(), values)
        })
        .collect();
    let group = |state: &Option<crate::diff::GroupState>| {
        state.as_ref().map(|state| {
            json!({
                "class": state.class,
                "variables": state.counts.variables,
                "parameters": state.counts.parameters,
                "bytes": state.counts.bytes,
                "trainable": state.trainable,
            })
        })
    };
    let variable = |state: &Option<VariableState>| {
        state.as_ref().map(|state| {
            json!({
                "name": state.name,
                "path": state.path,
                "dtype": state.dtype.name(),
                "shape": state.shape.0,
                "parameters": state.parameters,
                "trainable": match state.trainable {
                    Trainable::Yes => Some(true),
                    Trainable::No | Trainable::Frozen => Some(false),
                    Trainable::Undetermined => None,
                },
                "frozen": state.trainable == Trainable::Frozen,
            })
        })
    };
    json!({
        "schema_version": 1,
        "tfcensus_version": env!("CARGO_PKG_VERSION"),
        "different": !diff.is_empty(),
        "before": { "source": diff.before.source, "verdict": diff.before.verdict.as_str() },
        "after": { "source": diff.after.source, "verdict": diff.after.verdict.as_str() },
        "totals": totals,
        "groups": diff.groups.iter().map(|change| json!({
            "path": change.path,
            "before": group(&change.before),
            "after": group(&change.after),
        })).collect::<Vec<_>>(),
        "variables": diff.variables.iter().map(|change| json!({
            "changes": change.kinds.iter().map(|kind| kind.as_str()).collect::<Vec<_>>(),
            "before": variable(&change.before),
            "after": variable(&change.after),
        })).collect::<Vec<_>>(),
        "unchanged": diff.unchanged,
    })
}
