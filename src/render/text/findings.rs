//! Findings, grouped by code: the first few in full, the rest as a number.

use std::io;

use crate::model::{Code, Finding, Report, Severity};
use crate::render::sentences;
use crate::render::style::Ink;

use crate::render::findings_by_code::grouped;
use crate::render::page::Page;

/// Findings of one code shown in full.
const SHOWN: usize = 3;

/// Writes the findings, if there are any, with a blank line before them.
pub fn write(report: &Report, page: &mut Page<'_>) -> io::Result<()> {
    if report.findings.is_empty() {
        return Ok(());
    }
    page.blank()?;
    page.line(Ink::Strong, &format!("Findings ({})", sentences::tally(report)))?;
    for findings in grouped(&report.findings) {
        for finding in findings.iter().take(SHOWN) {
            one(finding, page)?;
        }
        let more = findings.len().saturating_sub(SHOWN);
        if let Some(first) = findings.first().filter(|_| more > 0) {
            let text = format!("{} and {more} more {}", page.signs.ellipsis, first.code);
            page.paragraph(2, Ink::Faint, &text)?;
        }
    }
    let advice = "tfcensus explain CODE says what a finding means and what to do";
    page.paragraph(2, Ink::Faint, advice)
}

fn one(finding: &Finding, page: &mut Page<'_>) -> io::Result<()> {
    let ink = match finding.severity {
        Severity::Error => Ink::Bad,
        Severity::Warning => Ink::Warn,
        Severity::Note => Ink::Faint,
    };
    let word = page.style.paint(ink, finding.severity.as_str());
    if finding.code == Code::Expectation {
        let text = sentences::failed_expectation(finding);
        let text = format!("{}: {}", finding.code, page.escape(&text));
        // One line, however long: scripts and people search for it.
        return writeln!(page.out, "  {word} {text}");
    }
    writeln!(page.out, "  {word} {}", finding.code)?;
    if let Some(subject) = &finding.subject {
        let subject = page.escape(subject).into_owned();
        page.paragraph(4, Ink::Strong, &subject)?;
    }
    let message = page.escape(&finding.message).into_owned();
    page.paragraph(4, Ink::Plain, &message)?;
    let values = match (&finding.expected, &finding.found) {
        (Some(expected), Some(found)) => format!("expected {expected}, found {found}"),
        (Some(expected), None) => format!("expected {expected}"),
        (None, Some(found)) => format!("found {found}"),
        (None, None) => return Ok(()),
    };
    let values = page.escape(&values).into_owned();
    page.paragraph(4, Ink::Plain, &values)
}
