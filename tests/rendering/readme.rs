//! The README's first screen and lists agree with the program.

use std::fs;

use crate::common::{Run, project, require_library, tfcensus};

fn document(name: &str) -> String {
    fs::read_to_string(project(name)).unwrap()
}

/// The block of code that follows this text.
fn block_after(readme: &str, text: &str) -> String {
    let (_, rest) = readme.split_once(text).unwrap_or_else(|| panic!("{text} is missing"));
    let (_, rest) = rest.split_once("```\n").unwrap();
    rest.split_once("```").unwrap().0.to_owned()
}

/// Replaces the parts that differ between runs and machines: `1.1 s` by `N s`, and the version of the
/// TensorFlow that confirmed the count (not of the one that wrote the model) by `V`.
fn without_circumstances(text: &str) -> String {
    let mut out = String::new();
    for line in text.lines() {
        let mut line = line.to_owned();
        for before in ["Confirmed by a TensorFlow ", "full load, TensorFlow "] {
            if let Some((head, tail)) = line.split_once(before) {
                let rest = tail.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.');
                line = format!("{head}{before}V{rest}");
            }
        }
        if let Some((head, seconds)) = line.split_once("full load, ")
            && seconds.strip_suffix(" s)").is_some_and(|number| number.parse::<f64>().is_ok())
        {
            line = format!("{head}full load, N s)");
        }
        out += line.trim_end();
        out.push('\n');
    }
    out
}

#[test]
fn the_first_screen_is_the_output_of_scripts_run() {
    let shown = block_after(&document("README.md"), "comes with the project");
    require_library();
    let real = tfcensus(&["count", "tests/fixtures/lenet5/model"]).run().stdout;
    assert!(real.contains("✓ verified: 61,706 parameters"), "{real}");
    assert_eq!(without_circumstances(&shown), without_circumstances(&real));
    let run = document("scripts/run");
    assert!(run.contains("set -- count \"$root/tests/fixtures/lenet5/model\""));
}

#[test]
fn the_shown_difference_is_the_real_one() {
    let shown = block_after(&document("README.md"), "What fine-tuning changed:");
    let (command, output) = shown.split_once('\n').unwrap();
    let words: Vec<&str> = command.strip_prefix("$ tfcensus ").unwrap().split(' ').collect();
    assert_eq!(
        without_circumstances(output),
        without_circumstances(&tfcensus(&words).run().stdout)
    );
}

#[test]
fn every_option_of_count_is_in_the_readme() {
    let readme = document("README.md");
    let help = tfcensus(&["count", "--help"]).run().stdout;
    let mut options = 0;
    for line in help.lines().map(str::trim_start) {
        let Some(at) = line.find("--").filter(|at| line.starts_with('-') && *at <= 4) else {
            continue;
        };
        let option = line[at..].split([' ', '[', '=']).next().unwrap().trim_end_matches("...");
        if option == "--help" {
            continue;
        }
        options += 1;
        assert!(readme.contains(option), "{option} is not in the README");
    }
    assert!(options > 25, "{options}");
    let commands = tfcensus(&["--help"]).run().stdout;
    let (_, commands) = commands.split_once("Commands:\n").unwrap();
    // Lines with a deeper indent continue the description above them.
    let is_name = |line: &&str| line.starts_with("  ") && !line.starts_with("   ");
    for line in commands.lines().take_while(|line| !line.is_empty()).filter(is_name) {
        let command = line.split_whitespace().next().unwrap();
        if command == "help" {
            continue;
        }
        assert!(readme.contains(&format!("tfcensus {command}")), "{command}");
    }
}

#[test]
fn files_that_documents_name_exist() {
    for name in ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md"] {
        let text = document(name);
        let links = text.split("](").skip(1).filter_map(|rest| rest.split_once(')'));
        for (link, _) in links.filter(|(link, _)| !link.contains("://") && !link.starts_with('#')) {
            assert!(project(link).exists(), "{name} names {link}");
        }
    }
}

#[test]
fn the_picture_is_a_small_png() {
    let bytes = fs::read(project("docs/report.png")).unwrap();
    assert!(bytes.starts_with(b"\x89PNG\r\n\x1a\n") && bytes.len() < 300_000, "{}", bytes.len());
}
