//! Sums: of the counted variables, of what is not counted, and of what they cost.

use std::io;

use crate::cost;
use crate::model::{Counts, Quantity, Report};
use crate::number::{bytes, human, share, thousands};
use crate::render::sentences;
use crate::render::style::Ink;
use crate::render::table::{Align, Cell, Head, Table};
use crate::render::width::wrap;
use crate::select::Selection;

use crate::render::page::{NARROW, Page};

/// Writes totals, element types, what is not counted, and constants.
pub fn write(report: &Report, selection: &Selection, page: &mut Page<'_>) -> io::Result<()> {
    let totals = &report.totals;
    let mut table = sums("Totals");
    let params = |what: &str| match page.width {
        width if width < NARROW => what.to_owned(),
        _ => format!("{what} params"),
    };
    push(&mut table, 0, &params("Total"), &totals.all);
    for (quantity, what, counts) in [
        (Quantity::Trainable, "Trainable", &totals.trainable),
        (Quantity::NonTrainable, "Non-trainable", &totals.non_trainable),
    ] {
        push(&mut table, 2, &sentences::total_label(report, quantity, &params(what)), counts);
    }
    if totals.undetermined.variables > 0 {
        push(&mut table, 2, &params("Undetermined"), &totals.undetermined);
    }
    if selection.filtered {
        push(&mut table, 0, &params("Listed"), &selection.totals.all);
    }
    if totals.by_dtype.len() > 1 {
        heading(&mut table, "By element type");
        for (dtype, counts) in &totals.by_dtype {
            push(&mut table, 2, &dtype.name(), counts);
            if let Some(cell) = table.rows.last_mut().and_then(|row| row.first_mut()) {
                cell.tail = format!(" ({} of the bytes)", share(counts.bytes, totals.all.bytes));
            }
        }
    }
    if !report.not_counted.is_empty() {
        heading(&mut table, "Not counted");
        for left_out in &report.not_counted {
            push(&mut table, 2, left_out.role.as_str(), &left_out.counts);
            if let Some(cell) = table.rows.last_mut().and_then(|row| row.first_mut()) {
                cell.tail = format!(" ({})", sentences::role(left_out.role));
            }
        }
    }
    if report.constants.tensors > 0 {
        let constants = &report.constants;
        heading(&mut table, "Constants of the graph, not counted");
        let counts = Counts {
            variables: constants.tensors,
            parameters: constants.parameters,
            bytes: constants.bytes,
        };
        push(&mut table, 2, "constants", &counts);
    }
    table.write(page.width, page.style, page.signs, page.out)
}

/// Writes the sums of the listed variables beside those of the model.
pub fn listed(report: &Report, selection: &Selection, page: &mut Page<'_>) -> io::Result<()> {
    let chosen = &selection.totals.all;
    let whole = report.totals.all.parameters;
    let mut says = format!(
        "Listed: {} of {}, {} of {} parameters",
        selection.certainty.of(thousands(chosen.variables)),
        sentences::plural(report.totals.all.variables, "variable"),
        selection.certainty.of(thousands(chosen.parameters)),
        thousands(whole),
    );
    if whole > 0 {
        says += &format!(" ({})", share(chosen.parameters, whole));
    }
    says += &format!(", {}", bytes(chosen.bytes));
    page.paragraph(0, Ink::Strong, &says)
}

fn sums(first: &'static str) -> Table {
    let head = |title, drop| Head { title, align: Align::Right, drop };
    Table {
        heads: vec![
            Head { title: first, align: Align::Left, drop: 0 },
            head("Parameters", 0),
            head("About", 8),
            head("Bytes", 0),
            head("Variables", 9),
        ],
        rows: Vec::new(),
    }
}

fn heading(table: &mut Table, text: &str) {
    let mut row = vec![Cell::new(text).ink(Ink::Strong)];
    row.resize(table.heads.len(), Cell::default());
    table.rows.push(row);
}

fn push(table: &mut Table, indent: usize, label: &str, counts: &Counts) {
    table.rows.push(vec![
        Cell::new(format!("{:indent$}{label}", "")),
        Cell::new(thousands(counts.parameters)),
        Cell::new(human(counts.parameters)),
        Cell::new(bytes(counts.bytes)),
        Cell::new(thousands(counts.variables)),
    ]);
}

/// Writes memory estimates with their rules, and the largest tensors.
pub fn cost(report: &Report, page: &mut Page<'_>) -> io::Result<()> {
    let cost = cost::cost(report);
    page.line(Ink::Strong, "Memory for weights alone")?;
    for estimate in &cost.estimates {
        let figure = format!("  to {:16} {:>9}  ", estimate.purpose, bytes(estimate.bytes));
        let indent = figure.len();
        if page.width < NARROW {
            page.line(Ink::Plain, figure.trim_end())?;
            page.paragraph(4, Ink::Faint, estimate.rule)?;
            continue;
        }
        for (at, line) in wrap(estimate.rule, page.width.saturating_sub(indent)).iter().enumerate()
        {
            let before = if at == 0 { figure.as_str() } else { "" };
            writeln!(page.out, "{before:indent$}{line}")?;
        }
    }
    if let Some(note) = sentences::cost_note(&cost) {
        page.paragraph(2, Ink::Faint, note)?;
    }
    if cost.largest.is_empty() {
        return Ok(());
    }
    page.blank()?;
    let head = |title, align, drop| Head { title, align, drop };
    let mut table = Table {
        heads: vec![
            head("Largest tensors", Align::Left, 0),
            head("Shape", Align::Left, 3),
            head("Type", Align::Left, 4),
            head("Bytes", Align::Right, 0),
            head("Share", Align::Right, 2),
        ],
        rows: Vec::new(),
    };
    for variable in cost.largest.iter().filter_map(|id| report.variables.get(id.0)) {
        table.rows.push(vec![
            Cell::new(page.escape(&variable.name)),
            Cell::new(variable.shape.to_string()),
            Cell::new(variable.dtype.name()),
            Cell::new(bytes(variable.bytes)),
            Cell::new(share(variable.bytes, report.totals.all.bytes)),
        ]);
    }
    table.write(page.width, page.style, page.signs, page.out)
}
