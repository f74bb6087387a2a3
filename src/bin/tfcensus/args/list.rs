//! `tfcensus list`.

use std::path::PathBuf;

use clap::Args;
use tfcensus::render::View;
use tfcensus::render::cached::ListFormat;

use super::looks::LooksArgs;
use super::values::Word;

/// What stands below the options.
pub const NOTES: &str = "\
Parameters are counted from the files alone, without a session and without the network.

Environment:
  TFHUB_CACHE_DIR, KAGGLEHUB_CACHE, HF_HUB_CACHE   the caches, as in Python

Exit codes:
  0  every model can be used, or there is none
  1  a model is broken, half downloaded, uncounted, or its files contradict each other;
     or a cache cannot be read
  2  the list could not be written, or wrong usage
";

/// Options of `list`.
#[derive(Debug, Args)]
pub struct ListArgs {
    /// How to show the list
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub format: Word<ListFormat>,
    /// Write to this file instead of standard output
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    #[command(flatten)]
    looks: LooksArgs,
}

impl ListArgs {
    /// How to show the list.
    pub fn view(&self) -> View {
        self.looks.view(self.output.as_deref())
    }
}
