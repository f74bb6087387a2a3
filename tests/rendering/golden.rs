//! Every format is compared with files that a person has looked at, and its sums are added up again.

use tfcensus::model::{Report, Trainable};
use tfcensus::render::{self, Format, Listing, View};
use tfcensus::select::{Filter, Sort, select};
use unicode_width::UnicodeWidthStr;

use crate::build;
use crate::common::golden::check;

pub fn show(report: &Report, format: Format, view: &View) -> String {
    let selection = select(report, &Filter::default(), Sort::Model);
    let mut out = Vec::new();
    render::render(report, &selection, format, view, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

fn cases() -> Vec<(&'static str, Report)> {
    vec![
        ("transfer", build::transfer()),
        ("wide", build::flat(100)),
        ("deep", build::nested(3, 2)),
        ("hostile", build::hostile()),
        ("unverified", build::unverified()),
        ("frozen_graph", build::frozen_graph()),
        ("chain", build::chain(60)),
        ("values", build::with_values()),
        ("no_traces", build::no_traces()),
    ]
}

#[test]
fn text_is_unchanged() {
    for (name, report) in cases() {
        for width in [40, 80, 120] {
            let view =
                View { width, variables: width == 80, cost: width == 120, ..View::default() };
            check(&format!("{name}.{width}.txt"), &show(&report, Format::Text, &view));
        }
    }
    let ascii = View { ascii: true, variables: true, ..View::default() };
    check("hostile.ascii.txt", &show(&build::hostile(), Format::Text, &ascii));
    let color = View { color: true, ..View::default() };
    check("transfer.color.txt", &show(&build::transfer(), Format::Text, &color));
}

#[test]
fn other_formats_are_unchanged() {
    let view = View { variables: true, cost: true, ..View::default() };
    let groups = View { csv_of: Listing::Groups, ..View::default() };
    for (name, report) in cases() {
        check(&format!("{name}.md"), &show(&report, Format::Markdown, &view));
        check(&format!("{name}.variables.csv"), &show(&report, Format::Csv, &view));
        check(&format!("{name}.groups.csv"), &show(&report, Format::Csv, &groups));
        check(&format!("{name}.github.txt"), &show(&report, Format::Github, &view));
        check(&format!("{name}.json"), &show(&report, Format::Json, &view));
    }
}

#[test]
fn no_line_is_wider_than_the_terminal() {
    for (name, report) in cases() {
        for width in [40, 50, 60, 72, 80, 100, 120, 200] {
            for ascii in [false, true] {
                let view = View { width, ascii, variables: true, cost: true, ..View::default() };
                for line in show(&report, Format::Text, &view).lines() {
                    assert!(line.width() <= width, "{name} at {width}: {line}");
                }
            }
        }
    }
}

#[test]
fn no_control_character_reaches_a_terminal() {
    let view = View { variables: true, cost: true, ..View::default() };
    for format in [Format::Text, Format::Csv, Format::Markdown, Format::Github] {
        let text = show(&build::hostile(), format, &view);
        let bad = |c: char| {
            (c.is_control() && c != '\n')
                || matches!(c, '\u{200b}' | '\u{202e}' | '\u{2066}' | '\u{feff}')
        };
        assert!(!text.contains(bad), "{format:?}");
    }
    let ascii = View { ascii: true, ..view };
    assert!(show(&build::hostile(), Format::Text, &ascii).is_ascii());
}

#[test]
fn text_is_the_same_with_and_without_colour() {
    for (_, report) in cases() {
        let plain = View { variables: true, cost: true, ..View::default() };
        let color = View { color: true, ..plain.clone() };
        let painted = show(&report, Format::Text, &color);
        let mut stripped = String::new();
        let mut rest = painted.as_str();
        while let Some((before, after)) = rest.split_once("\x1b[") {
            stripped += before;
            rest = after.split_once('m').unwrap().1;
        }
        stripped += rest;
        let trimmed = |text: &str| {
            text.lines().map(|l| l.trim_end().to_owned()).collect::<Vec<_>>().join("\n")
        };
        assert_eq!(trimmed(&stripped), trimmed(&show(&report, Format::Text, &plain)));
    }
}

/// Sums the `Parameters` column of the first table over one level, without repeated visits.
#[test]
fn printed_rows_add_up_to_the_printed_total() {
    for (name, report) in cases() {
        let view = View { width: 200, depth: Some(1), ..View::default() };
        for depth in [None, Some(1)] {
            let text = show(&report, Format::Text, &View { depth, ..view.clone() });
            let table: Vec<&str> = text
                .split("\n\n")
                .find(|part| part.contains("Share"))
                .unwrap()
                .lines()
                .skip(2)
                .collect();
            let parameters = |line: &str| -> u64 {
                // The number before the bytes (`12 KiB`) that precede the share.
                let words: Vec<&str> = line.split_whitespace().collect();
                let unit = words.iter().rposition(|w| w.ends_with('B') && w.len() <= 3).unwrap();
                words[unit - 2].replace(',', "").parse().unwrap()
            };
            let mut seen_shared = Vec::new();
            let mut sum = 0;
            for line in &table[1..] {
                let top = line.starts_with('├') || line.starts_with('└');
                if !top {
                    continue;
                }
                let number = parameters(line);
                if line.contains('⇆') {
                    if seen_shared.contains(&number) {
                        continue;
                    }
                    seen_shared.push(number);
                }
                sum += number;
            }
            let root_own = report.groups.nodes[0].own_parameters;
            assert_eq!(sum + root_own, parameters(table[0]), "{name}");
            assert_eq!(parameters(table[0]), report.totals.all.parameters, "{name}");
        }
    }
}

#[test]
fn csv_rows_add_up_to_the_totals() {
    let report = build::transfer();
    let text = show(&report, Format::Csv, &View::default());
    let mut all = 0;
    let mut trainable = 0;
    for line in text.lines().skip(1) {
        let cells: Vec<&str> = line.split(',').collect();
        let parameters: u64 = cells[4].parse().unwrap();
        all += parameters;
        if cells[6] == "yes" {
            trainable += parameters;
        }
    }
    assert_eq!(all, report.totals.all.parameters);
    // Embedding, gamma, head kernel and head bias.
    assert_eq!(trainable, 64_000 + 64 + 13_440 + 10);
}

#[test]
fn a_selection_has_its_own_sums_beside_the_totals() {
    let report = build::transfer();
    let filter = Filter::default().include(&["head/*".into()]).unwrap();
    let selection = select(&report, &filter, Sort::Parameters);
    let mut out = Vec::new();
    let view = View { variables: true, ..View::default() };
    render::render(&report, &selection, Format::Text, &view, &mut out).unwrap();
    let text = String::from_utf8(out).unwrap();
    assert!(text.contains("Listed: 2 of 11 variables, 13,450 of 78,577 parameters"), "{text}");
    let mut out = Vec::new();
    render::quiet(&report, &selection, &mut out).unwrap();
    assert_eq!(out, b"13450\n");
}

#[test]
fn undetermined_is_never_shown_as_no() {
    let report = build::transfer();
    let unknown = report.variables.iter().find(|v| v.trainable == Trainable::Undetermined);
    let name = &unknown.unwrap().name;
    let csv = show(&report, Format::Csv, &View::default());
    let line = csv.lines().find(|line| line.starts_with(name.as_str())).unwrap();
    assert!(line.contains(",unknown,"), "{line}");
    let json: serde_json::Value =
        serde_json::from_str(&show(&report, Format::Json, &View::default())).unwrap();
    let listed = json["variables"].as_array().unwrap();
    let entry = listed.iter().find(|v| v["name"] == name.as_str()).unwrap();
    assert!(entry["trainable"].is_null());
    assert_eq!(json["totals"]["undetermined"], 7);
}
