//! A program that counts a model and forgets to call `tfcensus::serve_if_worker()`. Each start of its
//! `main` adds a byte to a file.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "it is a program")]

use std::fs::OpenOptions;
use std::io::Write;
use std::process::ExitCode;

fn main() -> ExitCode {
    let starts = std::env::var_os("FORGETFUL_STARTS").expect("a file");
    let mut starts = OpenOptions::new().create(true).append(true).open(starts).unwrap();
    starts.write_all(b".").unwrap();
    if std::env::var_os("FORGETFUL_TALKS").is_some() {
        println!("counting");
    }
    let model = std::env::var_os("FORGETFUL_MODEL").expect("a model");
    match tfcensus::census(model, &tfcensus::Options::default()) {
        Ok(report) => {
            let failure = report.runtime.failure.unwrap_or_default();
            println!("{}\n{}\n{}", report.verdict, failure.what, failure.advice);
            failure.stderr_lines.iter().for_each(|line| println!("child: {line}"));
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{error}; {}", error.advice());
            ExitCode::FAILURE
        }
    }
}
