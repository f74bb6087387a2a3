//! One self-contained HTML file: totals, witnesses and findings as plain mark-up, which needs no
//! script; a treemap and a tree, drawn by a script from data in the page. No network: the
//! Content-Security-Policy names the one script and the one style sheet by their digests.

mod cards;
mod data;
mod digest;
mod sections;

use std::io::{self, Write};

use crate::model::Report;
use crate::select::Selection;

use super::escape::html as escape;
use super::sentences;
use super::view::View;

const STYLE: &str = include_str!("report.css");
/// One function around both files, so that the page has no global names.
const SCRIPT: &str = concat!(
    "\"use strict\";\n(() => {\n",
    include_str!("treemap.js"),
    include_str!("tree.js"),
    "})();\n"
);

/// Writes the page.
pub fn write(
    report: &Report,
    selection: &Selection,
    view: &View,
    out: &mut dyn Write,
) -> io::Result<()> {
    let name = escape(sentences::model_name(report));
    write!(
        out,
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; \
         style-src '{}'; script-src '{}'; base-uri 'none'; form-action 'none'\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"referrer\" content=\"no-referrer\">\n\
         <meta name=\"generator\" content=\"tfcensus {}\">\n\
         <title>{name} – {} parameters</title>\n<style>{STYLE}</style>\n</head>\n<body>\n",
        digest::source(STYLE),
        digest::source(SCRIPT),
        env!("CARGO_PKG_VERSION"),
        crate::number::thousands(report.totals.all.parameters),
    )?;
    sections::header(report, out)?;
    writeln!(out, "<main>")?;
    sections::hero(report, out)?;
    let errors = report.findings.iter().any(|f| f.severity == crate::model::Severity::Error);
    if errors {
        cards::findings(report, out)?;
    }
    sections::treemap(out)?;
    sections::tree(report, selection, view, out)?;
    writeln!(out, "<div class=\"two\">")?;
    cards::witnesses(report, out)?;
    cards::totals(report, out)?;
    cards::memory(report, out)?;
    cards::largest(report, out)?;
    writeln!(out, "</div>")?;
    if !errors {
        cards::findings(report, out)?;
    }
    writeln!(
        out,
        "</main>\n<footer>Counted by tfcensus {}. This page needs no network.</footer>\n\
         <div id=\"tip\" role=\"presentation\" hidden></div>\n\
         <div id=\"say\" role=\"status\" class=\"heard\"></div>\n\
         <script type=\"application/json\" id=\"data\">{}</script>\n\
         <script>{SCRIPT}</script>\n</body>\n</html>",
        env!("CARGO_PKG_VERSION"),
        data::script(report),
    )
}
