//! One function for each sub-command.

use std::process::ExitCode;

use anyhow::Result;
use tfcensus::census_observed;
use tfcensus::expect::{self, Baseline};
use tfcensus::model::{Certainty, Code};
use tfcensus::render::{self, Format};
use tfcensus::select::select;

use crate::args::{self, Command, CountArgs, DiffArgs, DoctorArgs, ListArgs};
use crate::progress::Display;
use crate::{error, exit_code, output};

/// Runs the command; the exit code is its answer.
pub fn run(command: Command) -> Result<ExitCode> {
    match command {
        Command::Count(args) => count(&args),
        Command::Diff(args) => diff(&args),
        Command::List(args) => list(&args),
        Command::Doctor(args) => doctor(&args),
        Command::Explain { code } => explain(code.as_deref()),
        Command::Completions(args) => print(&args::completions(&args)),
        Command::Man(args) => print(&args::manual(&args)?),
    }
}

fn count(args: &CountArgs) -> Result<ExitCode> {
    // What can be refused is refused before the model is read.
    let options = args.options();
    let filter = args.filter()?;
    let expectations = args.checks.expectations()?;
    let baseline = args.checks.baseline.as_deref().map(Baseline::read).transpose()?;
    let show = args.presentation(filter.is_active());

    let progress = match show.format {
        Some(_) => Display::new(),
        None => Display::new().without_notes(),
    };
    let report = census_observed(&args.model, &options, &progress);
    progress.clear();
    let mut report = report?;

    let mut failures = expect::check(&report, &expectations);
    failures.extend(baseline.iter().flat_map(|baseline| baseline.check(&report)));
    expect::add_findings(&mut report, failures);
    let selection = select(&report, &filter, show.sort);
    output::write(show.output.as_deref(), |out| match show.format {
        Some(format) => render::render(&report, &selection, format, &show.view, out),
        None => render::quiet(&report, &selection, out),
    })?;
    let is_bare_bound = show.format.is_none() && selection.certainty != Certainty::Exact;
    let bound = report.findings.iter().find(|f| is_bare_bound && f.code == Code::FrozenUnknown);
    if let Some(bound) = bound {
        error::print_note(&bound.message);
    }
    // A report for people on stdout has said it; a number or a file has not.
    let is_said =
        show.output.is_none() && matches!(show.format, Some(Format::Text | Format::Github));
    if !is_said {
        error::print_expectations(&render::failed_expectations(&report));
    }
    if let Some(failure) = &report.runtime.failure {
        error::print_failure(failure);
    }
    Ok(exit_code::of_census(&report, options.runtime).into())
}

fn doctor(args: &DoctorArgs) -> Result<ExitCode> {
    let progress = Display::new();
    let doctor = tfcensus::doctor(&args.options(), &progress);
    progress.clear();
    output::write(None, |out| render::doctor::write(&doctor, out))?;
    Ok(exit_code::of_doctor(&doctor).into())
}

fn diff(args: &DiffArgs) -> Result<ExitCode> {
    let options = args.options();
    let progress = Display::new();
    let reports = census_observed(&args.before, &options, &progress)
        .and_then(|before| Ok((before, census_observed(&args.after, &options, &progress)?)));
    progress.clear();
    let (before, after) = reports?;
    let diff = tfcensus::diff::diff(&before, &after);
    output::write(args.output.as_deref(), |out| {
        render::diff::write(&diff, args.format.0, &args.view(), out)
    })?;
    Ok(exit_code::of_diff(&diff).into())
}

fn list(args: &ListArgs) -> Result<ExitCode> {
    let progress = Display::new().without_notes();
    let list = tfcensus::cached_models(&progress);
    progress.clear();
    output::write(args.output.as_deref(), |out| {
        render::cached::write(&list, args.format.0, &args.view(), out)
    })?;
    Ok(exit_code::of_list(&list).into())
}

fn explain(code: Option<&str>) -> Result<ExitCode> {
    let text = match code {
        Some(code) => render::explain::section(code)?,
        None => render::explain::list(),
    };
    print(text.as_bytes())
}

fn print(text: &[u8]) -> Result<ExitCode> {
    output::write(None, |out| out.write_all(text))?;
    Ok(exit_code::GOOD.into())
}
