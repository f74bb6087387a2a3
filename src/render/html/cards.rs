//! The cards below the tree: witnesses, totals, memory, largest tensors, findings.

use std::io::{self, Write};

use crate::cost::cost;
use crate::model::{Counts, Quantity, Report, Severity, WitnessStatus};
use crate::number::{bytes, share, thousands};
use crate::render::escape::html as escape;
use crate::render::findings_by_code::grouped;
use crate::render::sentences;

/// Findings of one code that are shown; the rest is a number.
const SHOWN: usize = 8;

/// What each witness saw.
pub fn witnesses(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    open("Witnesses", &["Witness", "Says", "#Parameters", "Detail"], out)?;
    for witness in &report.witnesses {
        let sign = match witness.status {
            WitnessStatus::Agrees => "✓ ",
            WitnessStatus::Contradicts => "✗ ",
            _ => "",
        };
        let status = witness.status.as_str();
        writeln!(
            out,
            "<tr><th scope=\"row\">{}</th><td class=\"status-{status}\">{sign}{status}</td>\
             <td class=\"n\">{}</td><td>{}</td></tr>",
            witness.name.as_str(),
            witness.counts.map(|counts| thousands(counts.parameters)).unwrap_or_default(),
            escape(&witness.detail),
        )?;
    }
    close(out)
}

/// Sums by trainability and type, and what is not counted.
pub fn totals(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    open("Totals", &["", "#Parameters", "#Bytes", "#Variables"], out)?;
    let totals = &report.totals;
    sum("Total", &totals.all, out)?;
    let label = |quantity, label| sentences::total_label(report, quantity, label);
    sum(&label(Quantity::Trainable, "Trainable"), &totals.trainable, out)?;
    sum(&label(Quantity::NonTrainable, "Non-trainable"), &totals.non_trainable, out)?;
    if totals.undetermined.variables > 0 {
        sum("Undetermined", &totals.undetermined, out)?;
    }
    for (dtype, counts) in &totals.by_dtype {
        let part = share(counts.bytes, totals.all.bytes);
        sum(&format!("of type {dtype} ({part} of the bytes)"), counts, out)?;
    }
    for left_out in &report.not_counted {
        sum(&format!("not counted: {}", sentences::role(left_out.role)), &left_out.counts, out)?;
    }
    let constants = &report.constants;
    if constants.tensors > 0 {
        let counts = Counts {
            variables: constants.tensors,
            parameters: constants.parameters,
            bytes: constants.bytes,
        };
        sum("not counted: constants of the graph", &counts, out)?;
    }
    close(out)
}

fn sum(label: &str, counts: &Counts, out: &mut dyn Write) -> io::Result<()> {
    writeln!(
        out,
        "<tr><th scope=\"row\">{}</th><td class=\"n\">{}</td><td class=\"n\">{}</td>\
         <td class=\"n\">{}</td></tr>",
        escape(label),
        thousands(counts.parameters),
        bytes(counts.bytes),
        thousands(counts.variables)
    )
}

/// Memory estimates, each with its rule.
pub fn memory(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let cost = cost(report);
    open("Memory for weights alone", &["To", "#Bytes", "Rule"], out)?;
    for estimate in &cost.estimates {
        writeln!(
            out,
            "<tr><th scope=\"row\">{}</th><td class=\"n\">{}</td><td>{}</td></tr>",
            estimate.purpose,
            bytes(estimate.bytes),
            estimate.rule
        )?;
    }
    if let Some(note) = sentences::cost_note(&cost) {
        writeln!(out, "<tr><td></td><td></td><td class=\"muted\">{note}</td></tr>")?;
    }
    close(out)
}

/// The largest tensors.
pub fn largest(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let largest = cost(report).largest;
    if largest.is_empty() {
        return Ok(());
    }
    open("Largest tensors", &["Variable", "Shape", "#Bytes", "#Share"], out)?;
    for variable in largest.iter().filter_map(|id| report.variables.get(id.0)) {
        writeln!(
            out,
            "<tr><td class=\"name\">{}</td><td>{}</td><td class=\"n\">{}</td>\
             <td class=\"n\">{}</td></tr>",
            escape(&variable.name),
            escape(&format!("{} {}", variable.dtype, variable.shape)),
            bytes(variable.bytes),
            escape(&share(variable.bytes, report.totals.all.bytes)),
        )?;
    }
    close(out)
}

/// The findings, those of one code together.
pub fn findings(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    if report.findings.is_empty() {
        return Ok(());
    }
    writeln!(
        out,
        "<section class=\"card long\" aria-labelledby=\"findings-title\">\
         <div class=\"head\"><h2 id=\"findings-title\">Findings: {}</h2></div>\
         <ul class=\"findings\">",
        sentences::tally(report)
    )?;
    for group in grouped(&report.findings) {
        for finding in group.iter().take(SHOWN) {
            let severity = finding.severity.as_str();
            let sign = if finding.severity == Severity::Error { "✗ " } else { "" };
            write!(
                out,
                "<li><span class=\"severity {severity}\">{sign}{severity}</span> <code>{}</code> ",
                finding.code
            )?;
            if let Some(subject) = &finding.subject {
                write!(out, "<span class=\"subject\">{}</span>: ", escape(subject))?;
            }
            write!(out, "{}", escape(&finding.message))?;
            for (label, value) in [("expected", &finding.expected), ("found", &finding.found)] {
                if let Some(value) = value {
                    write!(out, "; {label} <code>{}</code>", escape(value))?;
                }
            }
            writeln!(out, "</li>")?;
        }
        if let Some(first) = group.first().filter(|_| group.len() > SHOWN) {
            let more = group.len() - SHOWN;
            writeln!(out, "<li class=\"muted\">… and {more} more {}</li>", first.code)?;
        }
    }
    writeln!(out, "</ul></section>")
}

/// A card with a table; heads that start with `#` stand over numbers.
fn open(title: &str, heads: &[&str], out: &mut dyn Write) -> io::Result<()> {
    write!(
        out,
        "<section class=\"card\"><div class=\"head\"><h2>{title}</h2></div>\
         <table aria-label=\"{title}\"><thead><tr>"
    )?;
    for head in heads {
        match head.strip_prefix('#') {
            Some(number) => write!(out, "<th class=\"n\" scope=\"col\">{number}</th>")?,
            None if head.is_empty() => write!(out, "<td></td>")?,
            None => write!(out, "<th scope=\"col\">{head}</th>")?,
        }
    }
    writeln!(out, "</tr></thead><tbody>")
}

fn close(out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "</tbody></table></section>")
}
