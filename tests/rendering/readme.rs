//! The README's first screen and lists, kept true.

use std::process::Command;

fn document(name: &str) -> String {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
    std::fs::read_to_string(path).unwrap()
}

fn tfcensus(arguments: &[&str]) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tfcensus"));
    command.args(arguments).env("COLUMNS", "80").current_dir(env!("CARGO_MANIFEST_DIR"));
    String::from_utf8(command.output().unwrap().stdout).unwrap()
}

/// The block of code that follows this text.
fn block_after(readme: &str, text: &str) -> String {
    let (_, rest) = readme.split_once(text).unwrap_or_else(|| panic!("{text} is missing"));
    let (_, rest) = rest.split_once("```\n").unwrap();
    rest.split_once("```").unwrap().0.to_owned()
}

/// Times differ from run to run, and the session is that of the TensorFlow at hand: `1.1 s` as
/// `N s`, and the version that confirmed it (not the one that wrote the model) as `V`.
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
fn the_first_screen_shows_what_scripts_run_prints() {
    let shown = block_after(&document("README.md"), "comes with the project");
    let real = tfcensus(&["count", "tests/fixtures/lenet5/model"]);
    assert!(real.contains("✓ verified: 61,706 parameters"), "{real}");
    assert_eq!(without_circumstances(&shown), without_circumstances(&real));
    let run = document("scripts/run");
    assert!(run.contains("set -- count \"$root/tests/fixtures/lenet5/model\""));
}

#[test]
fn the_difference_shown_is_the_real_one() {
    let shown = block_after(&document("README.md"), "What fine-tuning changed:");
    let (command, output) = shown.split_once('\n').unwrap();
    let words: Vec<&str> = command.strip_prefix("$ tfcensus ").unwrap().split(' ').collect();
    assert_eq!(without_circumstances(output), without_circumstances(&tfcensus(&words)));
}

#[test]
fn every_option_of_count_is_in_the_readme() {
    let readme = document("README.md");
    let help = tfcensus(&["count", "--help"]);
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
    let commands = tfcensus(&["--help"]);
    let (_, commands) = commands.split_once("Commands:\n").unwrap();
    // Deeper lines go on with what stands above them.
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
fn files_that_documents_name_are_there() {
    for name in ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md"] {
        let text = document(name);
        let links = text.split("](").skip(1).filter_map(|rest| rest.split_once(')'));
        for (link, _) in links.filter(|(link, _)| !link.contains("://") && !link.starts_with('#')) {
            let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(link);
            assert!(path.exists(), "{name} names {link}");
        }
    }
}

#[test]
fn the_picture_is_small_and_a_picture() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/report.png");
    let bytes = std::fs::read(path).unwrap();
    assert!(bytes.starts_with(b"\x89PNG\r\n\x1a\n") && bytes.len() < 300_000, "{}", bytes.len());
}
