//! Annotations of a GitHub workflow: one line for each finding, then the totals as a notice.

use std::io::{self, Write};

use crate::model::{Finding, Report, Severity};

use super::{escape, sentences};
use crate::number::{bytes, thousands};

/// Annotations of one kind that GitHub shows for a step; GitHub drops further ones silently, so the
/// last one says how many there were.
const PER_LEVEL: usize = 10;

/// Writes the annotations.
pub fn write(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    for (severity, level) in
        [(Severity::Error, "error"), (Severity::Warning, "warning"), (Severity::Note, "notice")]
    {
        // One notice is the totals.
        let most = PER_LEVEL - usize::from(severity == Severity::Note);
        let findings: Vec<&Finding> =
            report.findings.iter().filter(|f| f.severity == severity).collect();
        let shown = if findings.len() > most { most - 1 } else { findings.len() };
        for finding in findings.iter().take(shown) {
            annotation(level, finding, out)?;
        }
        let more = findings.len() - shown;
        if more > 0 {
            writeln!(out, "::{level} title=tfcensus::and {more} more of this kind")?;
        }
    }
    let totals = &report.totals;
    let line = format!(
        "{}: {} parameters, {}, {} ({})",
        sentences::model_name(report),
        thousands(totals.all.parameters),
        sentences::trainable(report),
        bytes(totals.all.bytes),
        report.verdict.as_str(),
    );
    writeln!(out, "::notice title=tfcensus::{}", escape::github_message(&line))
}

fn annotation(level: &str, finding: &Finding, out: &mut dyn Write) -> io::Result<()> {
    let mut message = String::new();
    if let Some(subject) = &finding.subject {
        message = message + subject + ": ";
    }
    message += &finding.message;
    if let Some(expected) = &finding.expected {
        message = message + "; expected " + expected;
    }
    if let Some(found) = &finding.found {
        message = message + "; found " + found;
    }
    writeln!(
        out,
        "::{level} title={}::{}",
        escape::github_property(finding.code.as_str()),
        escape::github_message(&message)
    )
}
