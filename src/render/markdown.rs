//! Markdown for pull requests and model cards: totals first, the tree in a table, findings last.

use std::io::{self, Write};

use crate::cost::cost;
use crate::model::{Counts, Quantity, Report, Verdict};
use crate::select::Selection;

use super::escape::markdown as escape;
use super::outline::{Shown, outline};
use super::sentences;
use super::train_state::TrainState;
use super::view::View;
use crate::number::{bytes, human, share, thousands, value};

/// Findings of one code shown.
const SHOWN: usize = 3;

/// Writes the report.
pub fn write(
    report: &Report,
    selection: &Selection,
    view: &View,
    out: &mut dyn Write,
) -> io::Result<()> {
    header(report, out)?;
    totals(report, selection, out)?;
    groups(report, view, out)?;
    if view.variables {
        variables(report, selection, out)?;
    }
    if view.cost {
        memory(report, out)?;
    }
    if report.variables.iter().any(|variable| variable.stats.is_some()) {
        values(report, selection, out)?;
    }
    witnesses(report, out)?;
    findings(report, out)
}

fn header(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "## {}\n", escape(sentences::model_name(report)))?;
    let sign = match report.verdict {
        Verdict::Verified => "✅",
        Verdict::Disagreement => "❌",
        Verdict::Unverified => "❔",
    };
    writeln!(
        out,
        "**{}** parameters ({}), {}: {sign} **{}**, {}.\n",
        thousands(report.totals.all.parameters),
        human(report.totals.all.parameters),
        bytes(report.totals.all.bytes),
        report.verdict.as_str(),
        sentences::verdict(report).trim_end_matches("; see the errors above"),
    )?;
    let origin = escape(&sentences::origin(report));
    writeln!(out, "{origin}. {}.\n", escape(&sentences::session(report)))
}

fn totals(report: &Report, selection: &Selection, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "| | Parameters | About | Bytes | Variables |")?;
    writeln!(out, "|:--|--:|--:|--:|--:|")?;
    let totals = &report.totals;
    sum("**Total**", &totals.all, out)?;
    let label = |quantity, label| sentences::total_label(report, quantity, label);
    sum(&label(Quantity::Trainable, "Trainable"), &totals.trainable, out)?;
    sum(&label(Quantity::NonTrainable, "Non-trainable"), &totals.non_trainable, out)?;
    if totals.undetermined.variables > 0 {
        sum("Undetermined", &totals.undetermined, out)?;
    }
    if selection.filtered {
        sum("Listed", &selection.totals.all, out)?;
    }
    if totals.by_dtype.len() > 1 {
        for (dtype, counts) in &totals.by_dtype {
            sum(&format!("of type {}", escape(&dtype.name())), counts, out)?;
        }
    }
    for left_out in &report.not_counted {
        let role = left_out.role;
        let label = format!("*not counted:* {} ({})", role.as_str(), sentences::role(role));
        sum(&label, &left_out.counts, out)?;
    }
    let constants = &report.constants;
    if constants.tensors > 0 {
        let counts = Counts {
            variables: constants.tensors,
            parameters: constants.parameters,
            bytes: constants.bytes,
        };
        sum("*not counted:* constants of the graph", &counts, out)?;
    }
    writeln!(out)
}

/// A row of the totals; the label is Markdown.
fn sum(label: &str, counts: &Counts, out: &mut dyn Write) -> io::Result<()> {
    writeln!(
        out,
        "| {label} | {} | {} | {} | {} |",
        thousands(counts.parameters),
        human(counts.parameters),
        bytes(counts.bytes),
        thousands(counts.variables)
    )
}

fn groups(report: &Report, view: &View, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "| {} | Parameters | Share | Trainable |", sentences::tree_head(report))?;
    writeln!(out, "|:--|--:|--:|:--|")?;
    let whole = report.totals.all.parameters;
    for row in outline(report, view.depth, view.sort) {
        // Spaces at the start of a cell are dropped; these are not.
        let indent = "&emsp;".repeat(row.follows.len());
        let (name, parameters, state, shared) = match row.what {
            Shown::Group(_, group, hidden) => {
                let mut name = escape(&group.name);
                if row.follows.is_empty() {
                    name = format!("**{}**", escape(sentences::model_name(report)));
                }
                if let Some(class) = &group.class {
                    name += &format!(" ({})", escape(class));
                }
                if hidden > 0 {
                    name += &format!(" … {hidden} below");
                }
                (name, group.counts.parameters, TrainState::of_group(group), group.shared)
            }
            Shown::Rest(rest) => {
                let state = TrainState::of_sums(&rest);
                (format!("… {} more", rest.groups), rest.counts.parameters, state, rest.shared)
            }
        };
        let shared = match (shared, state.word()) {
            (false, _) => "",
            (true, "") => "shared",
            (true, _) => ", shared",
        };
        writeln!(
            out,
            "| {indent}{name} | {} | {} | {}{shared} |",
            thousands(parameters),
            share(parameters, whole),
            state.word(),
        )?;
    }
    writeln!(out)
}

fn variables(report: &Report, selection: &Selection, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "| Variable | Shape | Type | Parameters | Trainable |")?;
    writeln!(out, "|:--|:--|:--|--:|:--|")?;
    for variable in selection.ids.iter().filter_map(|id| report.variables.get(id.0)) {
        writeln!(
            out,
            "| {} | {} | {} | {} | {}{} |",
            escape(&variable.name),
            escape(&variable.shape.to_string()),
            escape(&variable.dtype.name()),
            thousands(variable.parameters),
            TrainState::of_variable(variable).word(),
            if variable.shared { ", shared" } else { "" },
        )?;
    }
    writeln!(out)
}

fn values(report: &Report, selection: &Selection, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "| Values | Mean | Std dev | Min | Max | Zeros | NaN | Inf |")?;
    writeln!(out, "|:--|--:|--:|--:|--:|--:|--:|--:|")?;
    let shown = |number: Option<f64>| number.map(value).unwrap_or_default();
    for variable in selection.ids.iter().filter_map(|id| report.variables.get(id.0)) {
        let Some(stats) = &variable.stats else { continue };
        writeln!(
            out,
            "| {} | {} | {} | {} | {} | {} | {} | {} |",
            escape(&variable.name),
            shown(stats.mean),
            shown(stats.std_dev),
            shown(stats.min),
            shown(stats.max),
            share(stats.zeros, variable.parameters),
            thousands(stats.nans),
            thousands(stats.infinities),
        )?;
    }
    writeln!(out)
}

fn memory(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let cost = cost(report);
    writeln!(out, "| Memory for weights alone | Bytes | Rule |")?;
    writeln!(out, "|:--|--:|:--|")?;
    for estimate in &cost.estimates {
        writeln!(
            out,
            "| to {} | {} | {} |",
            estimate.purpose,
            bytes(estimate.bytes),
            estimate.rule
        )?;
    }
    if let Some(note) = sentences::cost_note(&cost) {
        writeln!(out, "| | | {note} |")?;
    }
    writeln!(out)
}

fn witnesses(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "| Witness | Says | Parameters | |")?;
    writeln!(out, "|:--|:--|--:|:--|")?;
    for witness in &report.witnesses {
        writeln!(
            out,
            "| {} | {} | {} | {} |",
            witness.name.as_str(),
            witness.status.as_str(),
            witness.counts.map(|counts| thousands(counts.parameters)).unwrap_or_default(),
            escape(&witness.detail),
        )?;
    }
    writeln!(out)
}

fn findings(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    if report.findings.is_empty() {
        return Ok(());
    }
    writeln!(out, "### Findings ({})\n", sentences::tally(report))?;
    for group in super::findings_by_code::grouped(&report.findings) {
        for finding in group.iter().take(SHOWN) {
            write!(out, "- **{}** {}: ", finding.severity.as_str(), finding.code)?;
            if let Some(subject) = &finding.subject {
                write!(out, "{}: ", escape(subject))?;
            }
            write!(out, "{}", escape(&finding.message))?;
            if let Some(expected) = &finding.expected {
                write!(out, "; expected {}", escape(expected))?;
            }
            if let Some(found) = &finding.found {
                write!(out, "; found {}", escape(found))?;
            }
            writeln!(out)?;
        }
        if let Some(first) = group.first().filter(|_| group.len() > SHOWN) {
            writeln!(out, "- … and {} more {}", group.len() - SHOWN, first.code)?;
        }
    }
    Ok(())
}
