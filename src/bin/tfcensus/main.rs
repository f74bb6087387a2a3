//! The `tfcensus` program: parses, calls, prints, exits.

mod args;
mod commands;
mod error;
mod exit_code;
mod interrupt;
mod output;
mod progress;
mod terminal;

use std::process::ExitCode;

fn main() -> ExitCode {
    // The process of a session is this same program: it serves and never comes back.
    tfcensus::serve_if_worker();
    interrupt::clean_up_when_ended();
    let ran = match args::parse() {
        Ok(command) => commands::run(command),
        Err(stop) => return exit_code::without_command(stop).into(),
    };
    ran.unwrap_or_else(|error| {
        error::print(&error);
        exit_code::NO_CENSUS.into()
    })
}
