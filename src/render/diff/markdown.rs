//! A difference as Markdown.

use std::io::{self, Write};

use super::changes::{
    GROUPS, VARIABLES, by_kind, group_class, group_name, group_parameters, phrase, remark,
    shown_totals, summary, total_figures, trainable_change, variable,
};
use crate::diff::Diff;
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
    if let Some(remark) = remark(diff) {
        writeln!(out, "{}\n", name(&remark))?;
    }
    writeln!(out, "| | Before | After | Change |\n|:--|--:|--:|--:|")?;
    for total in shown_totals(diff) {
        let [before, after, change] = total_figures(total);
        let name = total.quantity.as_str().replace('_', " ");
        writeln!(out, "| {name} | {before} | {after} | {change} |")?;
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
                trainable_change(change)
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
