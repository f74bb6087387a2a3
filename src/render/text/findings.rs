//! Findings, grouped by code: the first few in full, the rest as a number.

use std::io;

use crate::model::{Code, Finding, Report, Severity};
use crate::render::style::Ink;
use crate::render::words;

use super::Page;

/// Findings of one code shown in full.
const SHOWN: usize = 3;

/// Writes the findings, if there are any, with a blank line before them.
pub fn write(report: &Report, page: &mut Page<'_>) -> io::Result<()> {
    if report.findings.is_empty() {
        return Ok(());
    }
    page.blank()?;
    page.line(Ink::Strong, &format!("Findings ({})", words::tally(report)))?;
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

/// Findings of one code and severity together, where the first of them stands; errors first.
pub fn grouped(findings: &[Finding]) -> Vec<Vec<&Finding>> {
    let mut groups: Vec<Vec<&Finding>> = Vec::new();
    for finding in findings {
        let same = |group: &&mut Vec<&Finding>| {
            group.first().is_some_and(|f| f.code == finding.code && f.severity == finding.severity)
        };
        match groups.iter_mut().find(same) {
            Some(group) => group.push(finding),
            None => groups.push(vec![finding]),
        }
    }
    groups.sort_by_key(|group| std::cmp::Reverse(group.first().map(|f| f.severity)));
    groups
}

fn one(finding: &Finding, page: &mut Page<'_>) -> io::Result<()> {
    let ink = match finding.severity {
        Severity::Error => Ink::Bad,
        Severity::Warning => Ink::Warn,
        Severity::Note => Ink::Faint,
    };
    let word = page.style.paint(ink, finding.severity.as_str());
    if finding.code == Code::Expectation {
        let text = words::failed_expectation(finding);
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
