//! The layers of a SavedModel that hold the most parameters, from the files alone.
//!
//! ```text
//! cargo run --example largest_layers -- tests/fixtures/lenet5/model
//! ```
//!
//! With [`RuntimeChoice::Auto`] a TensorFlow session confirms every number. It runs in a process of
//! its own, which is this same program: `serve_if_worker` must then come first in `main`.

#![allow(clippy::print_stdout, clippy::print_stderr)] // An example prints.

use std::process::ExitCode;

use tfcensus::model::{Group, Report, Verdict};
use tfcensus::{Error, Options, RuntimeChoice};

fn main() -> ExitCode {
    tfcensus::serve_if_worker();
    let mut arguments = std::env::args_os().skip(1);
    let Some(model) = arguments.next() else {
        eprintln!("give a SavedModel folder, an archive or a hub handle");
        return ExitCode::from(2);
    };
    let runtime = match arguments.next() {
        Some(word) if word == "--session" => RuntimeChoice::Auto,
        _ => RuntimeChoice::Off,
    };
    let options = Options::default().runtime(runtime);
    match tfcensus::census(&model, &options) {
        Ok(report) => {
            show(&report);
            ExitCode::SUCCESS
        }
        // Every error names the file or address, and says what can be done.
        Err(Error::NotAModel { what, advice, .. }) => {
            eprintln!("not a SavedModel but {what}; {advice}");
            ExitCode::from(2)
        }
        Err(other) => {
            eprintln!("{other}");
            ExitCode::from(2)
        }
    }
}

fn show(report: &Report) {
    let total = report.totals.all.parameters;
    // Some files give an upper bound only.
    let trainable = report.totals.trainable_is.of(report.totals.trainable.parameters);
    println!("{total} parameters, {trainable} of them trainable");
    let verdict = match report.verdict {
        Verdict::Verified => "confirmed by TensorFlow",
        Verdict::Disagreement => "the files contradict each other",
        Verdict::Unverified => "from the files alone",
    };
    println!("{verdict}, {} findings", report.findings.len());
    // Groups that hold variables themselves: layers, not the models around them.
    let mut layers: Vec<&Group> =
        report.groups.nodes.iter().filter(|group| group.own_parameters > 0).collect();
    layers.sort_by_key(|group| std::cmp::Reverse(group.own_parameters));
    for layer in layers.iter().take(3) {
        let class = layer.class.as_deref().unwrap_or("?");
        println!("{:>12}  {} ({class})", layer.own_parameters, layer.name);
    }
}
