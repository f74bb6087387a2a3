//! The report for a terminal: header, tree, totals, witnesses, findings, verdict.

mod findings;
mod tables;
mod totals;

use std::io::{self, Write};

use crate::model::{Report, Verdict, Witness, WitnessStatus};
use crate::select::Selection;

use super::page::{NARROW, Page};
use super::sentences;
use super::style::Ink;
use super::view::View;
use super::width::{columns, padding, shorten_end, shorten_middle, wrap};

/// Lines that a witness may take; failures can be long, and stderr shows them in full.
const SAID: usize = 4;

/// Writes the report.
pub fn write(
    report: &Report,
    selection: &Selection,
    view: &View,
    out: &mut dyn Write,
) -> io::Result<()> {
    let mut page = Page::new(view, out);
    header(report, &mut page)?;
    page.blank()?;
    let mut legend = tables::groups(report, view, &mut page)?;
    if view.variables {
        page.blank()?;
        tables::variables(report, selection, view, &mut legend, &mut page)?;
    }
    legend.write(&mut page)?;
    if view.variables && selection.filtered {
        page.blank()?;
        totals::listed(report, selection, &mut page)?;
    }
    page.blank()?;
    totals::write(report, selection, &mut page)?;
    if view.cost {
        page.blank()?;
        totals::cost(report, &mut page)?;
    }
    if report.variables.iter().any(|variable| variable.stats.is_some()) {
        page.blank()?;
        tables::values(report, selection, &mut page)?;
    }
    page.blank()?;
    witnesses(report, &mut page)?;
    findings::write(report, &mut page)?;
    page.blank()?;
    verdict(report, &mut page)
}

fn header(report: &Report, page: &mut Page<'_>) -> io::Result<()> {
    let name = page.escape(sentences::model_name(report)).into_owned();
    let name = shorten_middle(&name, page.width, page.signs.ellipsis);
    page.line(Ink::Strong, &name)?;
    page.paragraph(0, Ink::Strong, &sentences::answer(report))?;
    let mut origin = sentences::origin(report);
    if let Some(tags) = sentences::tags(report) {
        origin = origin + ", " + &tags;
    }
    let origin = page.escape(&origin).into_owned();
    page.paragraph(0, Ink::Plain, &origin)?;
    let session = page.escape(&sentences::session(report)).into_owned();
    page.paragraph(0, Ink::Plain, &session)
}

fn witnesses(report: &Report, page: &mut Page<'_>) -> io::Result<()> {
    let page_is_narrow = page.width < NARROW;
    page.line(Ink::Strong, "Witnesses")?;
    let name_width =
        report.witnesses.iter().map(|w| w.name.as_str().len()).max().unwrap_or_default();
    // On a narrow terminal there is room for the sign alone.
    let status = |witness: &Witness| match page_is_narrow {
        true => "",
        false => witness.status.as_str(),
    };
    let status_width = report.witnesses.iter().map(|w| status(w).len()).max().unwrap_or_default();
    let status_gap = if page_is_narrow { 0 } else { 2 };
    for witness in &report.witnesses {
        let (sign, ink) = match witness.status {
            WitnessStatus::Agrees => (page.signs.check, Ink::Good),
            WitnessStatus::Contradicts => (page.signs.cross, Ink::Bad),
            WitnessStatus::Partial => (page.signs.partly, Ink::Warn),
            WitnessStatus::Unavailable => ("?", Ink::Warn),
            WitnessStatus::Absent => (page.signs.dot, Ink::Faint),
        };
        let mut says = String::new();
        match witness.counts {
            Some(counts) if counts == report.totals.all => {
                let all = if counts.variables > 1 { "all " } else { "" };
                says = format!("{all}{}", sentences::plural(counts.variables, "variable"));
            }
            Some(counts) => says = sentences::counts(&counts),
            None => {}
        }
        if !witness.detail.is_empty() {
            let detail = page.escape(&witness.detail);
            says = if says.is_empty() { detail.into_owned() } else { says + ": " + &detail };
        }
        let (name, status) = (witness.name.as_str(), status(witness));
        let sign_width = columns(page.signs.check).max(columns(page.signs.cross));
        let indent = 2 + sign_width + 1 + name_width + 2 + status_width + status_gap;
        let room = page.width.saturating_sub(indent);
        let mut lines = wrap(&says, room);
        if lines.len() > SAID {
            lines.truncate(SAID);
            if let Some(last) = lines.last_mut() {
                *last = shorten_end(&format!("{last} {0}{0}", page.signs.ellipsis), room, "");
            }
        }
        for (at, line) in lines.iter().enumerate() {
            if at > 0 {
                writeln!(page.out, "{:indent$}{line}", "")?;
                continue;
            }
            writeln!(
                page.out,
                "  {}{} {name:name_width$}  {status:status_width$}{:status_gap$}{line}",
                page.style.paint(ink, sign),
                padding(sign, sign_width),
                "",
            )?;
        }
    }
    Ok(())
}

fn verdict(report: &Report, page: &mut Page<'_>) -> io::Result<()> {
    let (sign, ink) = match report.verdict {
        Verdict::Verified => (page.signs.check, Ink::Good),
        Verdict::Disagreement => (page.signs.cross, Ink::Bad),
        Verdict::Unverified => ("?", Ink::Warn),
    };
    // The head of a long report has scrolled away, so the number is repeated.
    let word = format!("{sign} {}", report.verdict.as_str());
    let number = sentences::plural(report.totals.all.parameters, "parameter");
    let line = format!("{word}: {number}");
    if columns(&line) <= page.width {
        let number = page.style.paint(Ink::Strong, &number);
        writeln!(page.out, "{}: {number}", page.style.paint(ink, &word))?;
    } else {
        writeln!(page.out, "{}", page.style.paint(ink, &word))?;
        page.paragraph(2, Ink::Strong, &number)?;
    }
    page.paragraph(2, Ink::Plain, sentences::verdict(report))
}
