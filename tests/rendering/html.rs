//! The HTML page: self-contained, small, and harmless for every name in a model. `check_html.py` beside
//! this file checks it in a browser.

use std::fs;
use std::io::Write;
use std::path::PathBuf;
use std::process::Command;

use tfcensus::model::Report;
use tfcensus::render::{Format, View};

use crate::build;
use crate::common::project;
use crate::golden::show;

fn page(report: &Report) -> String {
    show(report, Format::Html, &View::default())
}

/// The data that the script reads.
fn data(page: &str) -> serde_json::Value {
    let (_, rest) = page.split_once("id=\"data\">").unwrap();
    serde_json::from_str(rest.split_once("</script>").unwrap().0).unwrap()
}

#[test]
fn names_full_of_markup_stay_text() {
    let page = page(&build::hostile());
    assert!(!page.contains("<img"));
    assert!(page.contains("&lt;/script&gt;&lt;img src=x onerror=alert(1)&gt;"));
    // The page's own data and program, and no third script.
    assert_eq!(page.matches("<script").count(), 2);
    assert_eq!(page.matches("</script").count(), 2);
    let bad = |c: char| (c.is_control() && c != '\n') || matches!(c, '\u{202e}' | '\u{200b}');
    assert!(!page.contains(bad));
    let name = &data(&page)["variables"][9][0];
    let own = "</script><img src=x onerror=alert(1)>";
    assert_eq!(name.as_str().unwrap(), format!("{own}/{own}:0"));
}

#[test]
fn the_page_needs_no_network_and_its_policy_forbids_it() {
    let page = page(&build::transfer());
    assert!(page.contains("default-src 'none'"));
    for request in ["http://", "https://", "//cdn", "@import", "url(", " src=", " href="] {
        assert!(!page.contains(request), "{request}");
    }
    // A style or event attribute would need a weaker policy, which injected markup could use.
    for attribute in [" style=", " onclick=", " onload="] {
        assert!(!page.contains(attribute), "{attribute}");
    }
}

#[test]
fn an_upper_bound_is_called_one_with_what_settles_it() {
    let page = page(&build::no_traces());
    assert!(page.contains("at most 37 trainable") && page.contains("at least 4 not trainable"));
    assert!(page.contains("--keras-config model.keras settles it"));
    assert!(page.contains("Trainable, at most") && page.contains("Non-trainable, at least"));
    let data = data(&page);
    // States of the module, of the model in it, and of what the module itself holds.
    let state = |group: usize| data["groups"][group][6].as_u64().unwrap();
    assert_eq!((state(0), state(1), state(4)), (6, 6, 1));
    assert!(!self::page(&build::transfer()).contains("At most:"));
}

#[test]
fn the_totals_are_shown_without_script() {
    let page = page(&build::transfer());
    assert!(page.contains("<div class=\"number\">78,577</div>"));
    assert!(page.contains("77,514 trainable"));
    assert!(page.contains("state of an optimizer"));
    assert!(page.contains("✓ verified"));
}

#[test]
fn data_add_up_to_the_total() {
    for report in [build::transfer(), build::encoder(12)] {
        let data = data(&page(&report));
        let variables = data["variables"].as_array().unwrap();
        let sum: u64 = variables.iter().map(|v| v[3].as_u64().unwrap()).sum();
        assert_eq!(data["total"], sum);
        assert_eq!(data["groups"][0][4], sum);
    }
}

#[test]
fn numbers_beyond_53_bits_stay_exact() {
    let mut report = build::transfer();
    report.totals.all.parameters = u64::MAX;
    assert_eq!(data(&page(&report))["total"], "18446744073709551615");
}

#[test]
fn ten_thousand_variables_fit_three_megabytes() {
    let report = build::encoder(1_000);
    assert!(report.variables.len() > 10_000);
    let size = page(&report).len();
    assert!(size < 3_000_000, "{size} bytes");
}

/// Needs chromium and chromedriver, which `ci/prepare.sh` installs. Without them it fails in CI, and
/// prints a warning elsewhere.
#[test]
fn works_in_a_browser() {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("html");
    fs::create_dir_all(&folder).unwrap();
    let pages = [
        ("transfer", build::transfer()),
        ("hostile", build::hostile()),
        ("encoder", build::encoder(12)),
        ("large", build::encoder(1_000)),
        ("empty", build::frozen_graph()),
        ("wide", build::flat(10_000)),
        ("chain", build::chain(60)),
        ("values", build::with_values()),
    ];
    for (name, report) in &pages {
        fs::write(folder.join(name).with_extension("html"), page(report)).unwrap();
    }
    let installed = |name: &str| {
        let folders = std::env::var_os("PATH").unwrap_or_default();
        std::env::split_paths(&folders).any(|folder| folder.join(name).is_file())
    };
    if !(installed("chromium") || installed("google-chrome")) || !installed("chromedriver") {
        let what = "!!! the HTML report was NOT tested in a browser: chromium or chromedriver is missing\n";
        assert!(std::env::var_os("CI").is_none(), "{what}");
        // Not by a macro: the captured output of a passing test is discarded.
        std::io::stderr().write_all(what.as_bytes()).unwrap();
        return;
    }
    let script = project("tests/rendering/check_html.py");
    let status = Command::new("python3").arg(script).arg(&folder).status().unwrap();
    assert!(status.success());
}
