//! A difference for a terminal.

use std::io::{self, Write};

use super::changes::{
    GROUPS, VARIABLES, by_kind, group_class, group_name, group_parameters, phrase, remark,
    shown_totals, summary, total_figures, trainable_change, variable,
};
use crate::diff::{ChangeKind, Diff};
use crate::render::page::Page;
use crate::render::sentences::plural;
use crate::render::style::Ink;
use crate::render::table::{Align, Cell, Head, Table};
use crate::render::view::View;

/// Writes the difference for a terminal.
pub fn write(diff: &Diff, view: &View, out: &mut dyn Write) -> io::Result<()> {
    let mut page = Page::new(view, out);
    for (label, side) in [("before", &diff.before), ("after ", &diff.after)] {
        let line = format!("{label}  {} ({})", side.source, side.verdict.as_str());
        let line = page.escape(&line).into_owned();
        page.line(Ink::Plain, &line)?;
    }
    page.blank()?;
    totals(diff, &mut page)?;
    if !diff.groups.is_empty() {
        page.blank()?;
        groups(diff, &mut page)?;
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
    page.paragraph(0, Ink::Strong, &summary)?;
    remark(diff).map_or(Ok(()), |remark| page.paragraph(0, Ink::Plain, &remark))
}

fn totals(diff: &Diff, page: &mut Page<'_>) -> io::Result<()> {
    let mut table = Table {
        heads: vec![
            head("Totals", Align::Left, 0),
            head("Before", Align::Right, 1),
            head("After", Align::Right, 0),
            head("Change", Align::Right, 0),
        ],
        rows: Vec::new(),
    };
    for total in shown_totals(diff) {
        let ink = if total.differs() { Ink::Warn } else { Ink::Faint };
        let [before, after, change] = total_figures(total);
        table.rows.push(vec![
            Cell::new(total.quantity.as_str().replace('_', " ")),
            Cell::new(before),
            Cell::new(after),
            Cell::new(change).ink(ink),
        ]);
    }
    table.write(page.width, page.style, page.signs, page.out)
}

fn groups(diff: &Diff, page: &mut Page<'_>) -> io::Result<()> {
    let mut table = Table {
        heads: vec![
            head("Groups", Align::Left, 0),
            head("Before", Align::Right, 1),
            head("After", Align::Right, 0),
            head("Trainable", Align::Right, 2),
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
        table.rows.push(vec![
            name.ink(ink),
            Cell::new(group_parameters(&change.before)),
            Cell::new(group_parameters(&change.after)),
            Cell::new(trainable_change(change)),
        ]);
    }
    table.write(page.width, page.style, page.signs, page.out)?;
    more(diff.groups.len(), GROUPS, "groups", page)
}

fn head(title: &'static str, align: Align, drop: u8) -> Head {
    Head { title, align, drop }
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

fn sign(kind: ChangeKind) -> &'static str {
    match kind {
        ChangeKind::Added => "+",
        ChangeKind::Removed => "-",
        _ => "~",
    }
}
