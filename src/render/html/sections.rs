//! The upper part of the page as plain mark-up: header, answer, and the frames of treemap and tree.

use std::io::{self, Write};

use crate::cost::cost;
use crate::model::{Certainty, Quantity, Report, Verdict, WHY_AT_MOST};
use crate::number::{bytes, human, share, thousands};
use crate::render::escape::html as escape;
use crate::render::outline::{Shown, outline};
use crate::render::sentences;
use crate::render::train_state::TrainState;
use crate::render::view::View;
use crate::select::Selection;

/// Steps that the bar of trainability is divided into.
const BAR: u128 = 10_000;

/// Name, origin and the button for the theme.
pub fn header(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let mut origin = sentences::origin(report);
    if let Some(tags) = sentences::tags(report) {
        origin = origin + ", " + &tags;
    }
    writeln!(
        out,
        "<header class=\"top\"><div><h1>{}</h1><p class=\"origin\">{}</p>\
         <p class=\"origin\">{}</p></div>\
         <button id=\"theme\" class=\"plain\" type=\"button\" \
         aria-label=\"Switch between light and dark\">◐</button></header>",
        escape(sentences::model_name(report)),
        escape(&origin),
        escape(&sentences::session(report)),
    )
}

/// The answer: the number, the verdict, what is trainable, a few facts.
pub fn hero(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let totals = &report.totals;
    let all = totals.all.parameters;
    let sign = match report.verdict {
        Verdict::Verified => "✓",
        Verdict::Disagreement => "✗",
        Verdict::Unverified => "?",
    };
    let verdict = report.verdict.as_str();
    writeln!(
        out,
        "<section class=\"card hero\" aria-label=\"Totals\"><div>\
         <div class=\"number\">{}</div><p class=\"muted\">parameters, about {}</p>\
         <p><span class=\"badge {verdict}\" title=\"{}\">{sign} {verdict}</span></p></div><div>",
        thousands(all),
        human(all),
        escape(sentences::verdict(report)),
    )?;
    trainability(report, out)?;
    facts(report, out)?;
    writeln!(out, "</dl></div></section>")
}

/// A bar of what training would change, with its legend.
fn trainability(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let totals = &report.totals;
    let all = totals.all.parameters;
    let frozen = Quantity::Frozen.of(report);
    let (class, at_least) = match totals.trainable_is {
        Certainty::Exact => ("trainable", Certainty::Exact),
        _ => ("maybe", Certainty::AtLeast),
    };
    let fixed = totals.non_trainable.parameters.saturating_sub(frozen);
    let parts = [
        (class, "trainable", totals.trainable.parameters, totals.trainable_is),
        ("frozen", "frozen", frozen, at_least),
        ("fixed", "not trainable", fixed, at_least),
        ("unknown", "undetermined", totals.undetermined.parameters, Certainty::Exact),
    ];
    write!(
        out,
        "<svg class=\"stack\" viewBox=\"0 0 {BAR} 10\" preserveAspectRatio=\"none\" \
         aria-hidden=\"true\">"
    )?;
    let mut at = 0u128;
    for (class, _, parameters, _) in parts {
        let width = (u128::from(parameters) * BAR).checked_div(u128::from(all)).unwrap_or(0);
        write!(
            out,
            "<rect class=\"f-{class}\" x=\"{at}\" y=\"0\" width=\"{width}\" height=\"10\"/>"
        )?;
        at += width;
    }
    writeln!(out, "</svg><ul class=\"keys\">")?;
    for (class, label, parameters, certainty) in parts {
        if parameters > 0 {
            writeln!(
                out,
                "<li><i class=\"f-{class}\"></i>{} {label} <span class=\"muted\">{}</span></li>",
                certainty.of(thousands(parameters)),
                escape(&share(parameters, all)),
            )?;
        }
    }
    writeln!(out, "</ul>")?;
    if totals.trainable_is != Certainty::Exact {
        writeln!(out, "<p class=\"muted\">At most: {WHY_AT_MOST}.</p>")?;
    }
    writeln!(out, "<dl class=\"facts\">")
}

/// Sizes, types and constants.
fn facts(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let totals = &report.totals;
    let mut facts =
        vec![("Weights", bytes(totals.all.bytes)), ("Variables", thousands(totals.all.variables))];
    for estimate in cost(report).estimates.iter().skip(1) {
        let label = if estimate.purpose.ends_with("Adam") { "Train (Adam)" } else { "Train (SGD)" };
        facts.push((label, bytes(estimate.bytes)));
    }
    let types: Vec<_> = totals.by_dtype.iter().map(|(dtype, _)| dtype.name()).collect();
    facts.push(("Types", if types.is_empty() { "none".into() } else { types.join(", ") }));
    if report.constants.tensors > 0 {
        facts.push(("Constants, not counted", thousands(report.constants.parameters)));
    }
    for (label, value) in facts {
        writeln!(out, "<div><dt>{label}</dt><dd>{}</dd></div>", escape(&value))?;
    }
    Ok(())
}

/// The frame of the treemap.
pub fn treemap(out: &mut dyn Write) -> io::Result<()> {
    writeln!(
        out,
        "<section class=\"card screen\" aria-labelledby=\"map-title\">\
         <div class=\"head\"><h2 id=\"map-title\">Where the parameters are</h2>\
         <label class=\"muted\" for=\"colour\">Colour</label>\
         <select id=\"colour\"><option value=\"class\">type</option>\
         <option value=\"state\">trainability</option></select></div>\
         <nav id=\"crumbs\" aria-label=\"Shown part of the model\"></nav>\
         <div id=\"map\" role=\"group\" aria-label=\"Treemap: areas are parameters. Arrow keys \
         move, Enter zooms in, Escape zooms out. The table below has the same numbers.\"></div>\
         <ul id=\"legend\" aria-label=\"Colours\"></ul></section>"
    )
}

/// The frame of the tree, and a table of its upper part for paper and for readers without script.
pub fn tree(
    report: &Report,
    selection: &Selection,
    view: &View,
    out: &mut dyn Write,
) -> io::Result<()> {
    writeln!(
        out,
        "<section class=\"card long\" aria-labelledby=\"tree-title\"><div class=\"head\">\
         <h2 id=\"tree-title\">Layers and variables</h2>\
         <span id=\"hits\" class=\"muted screen\" role=\"status\"></span>\
         <input id=\"search\" class=\"screen\" type=\"search\" placeholder=\"Search names, types, \
         keys\" aria-label=\"Search names, types and checkpoint keys\" spellcheck=\"false\">\
         <button id=\"expand\" class=\"plain screen\" type=\"button\">Expand all</button>\
         <button id=\"collapse\" class=\"plain screen\" type=\"button\">Collapse</button></div>"
    )?;
    if selection.filtered {
        let chosen = &selection.totals.all;
        writeln!(
            out,
            "<p class=\"muted\">Chosen on the command line: {}, {} of all.</p>",
            escape(&sentences::counts(chosen)),
            escape(&share(chosen.parameters, report.totals.all.parameters)),
        )?;
    }
    tree_frame(report, out)?;
    writeln!(out, "<noscript><p class=\"muted\">The whole tree needs JavaScript.</p></noscript>")?;
    static_outline(report, view, out)?;
    writeln!(out, "</section>")
}

/// The table that the script fills.
fn tree_frame(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let mut heads = vec![
        ("c-name", "name", sentences::tree_head(report)),
        ("c-num n", "params", "Parameters"),
        ("c-share", "params", "Share"),
        ("c-state", "state", "Trainable"),
        ("c-shape", "shape", "Shape"),
        ("c-num n", "size", "Bytes"),
    ];
    if report.variables.iter().any(|variable| variable.stats.is_some()) {
        heads.push(("c-values", "", "Values"));
    }
    writeln!(
        out,
        "<div id=\"scroll\" class=\"screen\"><table id=\"tree\" class=\"{}\" role=\"treegrid\" \
         aria-labelledby=\"tree-title\" aria-colcount=\"{}\"><thead><tr role=\"row\" \
         aria-rowindex=\"1\">",
        if heads.len() > 6 { "values" } else { "" },
        heads.len()
    )?;
    for (class, key, title) in heads {
        match title {
            // The order of shares is that of the parameters; values have none.
            "Share" | "Values" => {
                writeln!(out, "<th class=\"{class}\" scope=\"col\">{title}</th>")?
            }
            _ => writeln!(
                out,
                "<th class=\"{class}\" scope=\"col\">\
                 <button type=\"button\" data-key=\"{key}\">{title}</button></th>"
            )?,
        }
    }
    writeln!(out, "</tr></thead><tbody></tbody></table></div>")
}

fn static_outline(report: &Report, view: &View, out: &mut dyn Write) -> io::Result<()> {
    writeln!(
        out,
        "<table class=\"paper\"><thead><tr><th scope=\"col\">{}</th>\
         <th class=\"n\" scope=\"col\">Parameters</th><th class=\"n\" scope=\"col\">Share</th>\
         <th scope=\"col\">Trainable</th></tr></thead><tbody>",
        sentences::tree_head(report)
    )?;
    for row in outline(report, view.depth, view.sort) {
        let indent = "&emsp;".repeat(row.follows.len());
        let (name, parameters, state) = match row.what {
            Shown::Group(_, group, hidden) => {
                let root = row.follows.is_empty();
                let mut name =
                    if root { sentences::model_name(report) } else { &group.name }.to_owned();
                if let Some(class) = &group.class {
                    name += &format!(" ({class})");
                }
                if hidden > 0 {
                    name += &format!(" … {hidden} below");
                }
                (name, group.counts.parameters, TrainState::of_group(group))
            }
            Shown::Rest(rest) => {
                let state = TrainState::of_sums(&rest);
                (format!("… {} more", rest.groups), rest.counts.parameters, state)
            }
        };
        writeln!(
            out,
            "<tr><td>{indent}{}</td><td class=\"n\">{}</td><td class=\"n\">{}</td><td>{}</td></tr>",
            escape(&name),
            thousands(parameters),
            escape(&share(parameters, report.totals.all.parameters)),
            state.word()
        )?;
    }
    writeln!(out, "</tbody></table>")
}
