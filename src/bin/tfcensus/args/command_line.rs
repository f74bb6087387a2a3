//! The program and its sub-commands.

use clap::{CommandFactory, Parser, Subcommand};
use clap_complete::Shell;

use super::count::{self, CountArgs};
use super::diff::{self, DiffArgs};
use super::doctor::{self, DoctorArgs};
use super::list::{self, ListArgs};

const EXIT_CODES: &str = "\
Exit codes:
  0  verified by a session (with --runtime off: the files do not contradict each other)
  1  counted, but witnesses disagree, or an expectation failed
  2  no census: wrong usage, not a model, unreadable
  3  counted from the files, but no session could confirm it
";

const EXAMPLES: &str = "\
Examples:
  tfcensus count ./mobilenet_v2                   the census, confirmed by TensorFlow
  tfcensus count ./mobilenet_v2 --runtime off     from the files alone, in milliseconds
  tfcensus count https://tfhub.dev/google/nnlm-en-dim128/2
  tfcensus diff ./before ./after                  what fine-tuning changed
  tfcensus list                                   what Python has downloaded already
  tfcensus explain shape-differs                  what a finding means
";

/// How many parameters does a TensorFlow model have, and where?
///
/// Loads the model into a real TensorFlow session, asks it for every variable, and compares
/// the answer with the model's own files.
#[derive(Debug, Parser)]
#[command(version, after_help = format!("{EXAMPLES}\n{EXIT_CODES}"), max_term_width = 100)]
#[command(subcommand_required = true, arg_required_else_help = true)]
pub struct Args {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The sub-commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Count the parameters of one model
    #[command(after_help = count::NOTES)]
    Count(Box<CountArgs>),
    /// Show what changed between two models
    #[command(after_help = diff::NOTES)]
    Diff(Box<DiffArgs>),
    /// Show the models in the caches of tensorflow_hub, kagglehub and huggingface_hub
    #[command(after_help = list::NOTES)]
    List(ListArgs),
    /// Show which libtensorflow would be used, and every place that was looked at
    #[command(after_help = doctor::NOTES)]
    Doctor(DoctorArgs),
    /// Say what a finding means and what to do; without a code, list them all
    Explain {
        /// Code of the finding, such as shape-differs
        code: Option<String>,
    },
    /// Write completions for a shell
    Completions(CompletionsArgs),
    /// Write the manual page, of the program or of one command
    Man(ManArgs),
}

/// Options of `completions`.
#[derive(Debug, clap::Args)]
pub struct CompletionsArgs {
    /// The shell
    pub shell: Shell,
}

/// Options of `man`.
#[derive(Debug, clap::Args)]
pub struct ManArgs {
    /// The command
    pub command: Option<String>,
}

/// The whole command line, for completions and manual pages.
pub fn command() -> clap::Command {
    Args::command()
}
