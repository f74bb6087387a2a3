//! A difference as Markdown.

use std::io::{self, Write};

use super::changes::{
    GROUPS, VARIABLES, by_kind, figure, group_class, group_name, group_parameters, phrase,
    shown_totals, summary, trainable_change, variable,
};
use crate::diff::Diff;
use crate::number::signed;
use crate::render::escape;
use crate::render::sentences::plural;

/// Writes the difference for a pull request.
pub fn write(diff: &Diff, out: &mut dyn Write) -> io::Result<()> {
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
            let class = group_class(change).map(|class| format!(" ({})", name(&class)));
            writeln!(
                out,
                "| {}{} | {} | {} | {} |",
                name(group_name(change)),
                class.unwrap_or_default(),
                group_parameters(&change.before),
                group_parameters(&change.after),
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
