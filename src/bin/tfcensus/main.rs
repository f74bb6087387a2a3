//! The `tfcensus` program: parses, calls, prints, exits.

mod args;
mod census;
mod commands;
mod doctor;
mod error;
mod exit;
mod interrupt;
mod list;
mod output;
mod progress;
mod terminal;
mod values;

use std::process::ExitCode;

fn main() -> ExitCode {
    // The process of a session is this same program: it serves and never comes back.
    tfcensus::evidence::runtime::serve_if_worker();
    interrupt::clean_up_when_ended();
    let args = match args::parse() {
        Ok(args) => args,
        Err(code) => return code,
    };
    match commands::run(args.command) {
        Ok(code) => code,
        Err(error) => {
            error::print(&error);
            ExitCode::from(exit::NO_CENSUS)
        }
    }
}
