//! `tfcensus doctor`.

use std::path::PathBuf;

use clap::Args;
use tfcensus::Options;

/// What stands below the options.
pub const NOTES: &str = "Exit codes:\n  0  a session can be had    3  none can\n";

/// Options of `doctor`.
#[derive(Debug, Args)]
pub struct DoctorArgs {
    /// A libtensorflow, or a folder that holds one, to look at first
    #[arg(long, value_name = "PATH")]
    pub libtensorflow: Option<PathBuf>,
}

impl DoctorArgs {
    /// Where to look.
    pub fn options(&self) -> Options {
        let mut options = Options::default();
        options.libtensorflow = self.libtensorflow.clone();
        options
    }
}
