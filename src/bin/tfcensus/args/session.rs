//! What to count, and with which session: options that `count` and `diff` share.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use tfcensus::{GroupBy, Options, RuntimeChoice};

use super::values::{self, Word};

/// What to count, and with which session.
#[derive(Debug, Args)]
pub struct SessionArgs {
    /// Tags of the MetaGraph, exactly: serve,gpu ('' for the one without tags)
    #[arg(long, value_name = "TAGS", help_heading = "What to count")]
    tags: Option<String>,
    /// What the tree is made of
    #[arg(long, value_name = "WHAT", default_value = "auto", help_heading = "What to count")]
    group_by: Word<GroupBy>,
    /// The .keras archive of the same model, for names, classes and frozen layers
    #[arg(long, value_name = "FILE", help_heading = "What to count")]
    keras_config: Option<PathBuf>,
    /// Read every tensor's bytes against the checksum in the index
    #[arg(long, help_heading = "What to count")]
    verify_checksums: bool,
    /// Compute statistics of every variable's values
    #[arg(long, help_heading = "What to count")]
    stats: bool,
    /// Never touch the network
    #[arg(long, help_heading = "What to count")]
    offline: bool,
    /// Which session to ask
    #[arg(long, value_name = "MODE", default_value = "auto", help_heading = "Session")]
    runtime: Word<RuntimeChoice>,
    /// A libtensorflow, or a folder that holds one, to use instead of searching
    #[arg(long, value_name = "PATH", help_heading = "Session")]
    libtensorflow: Option<PathBuf>,
    /// A library of custom ops to load before the model (repeatable)
    #[arg(long = "op-library", value_name = "PATH", help_heading = "Session")]
    op_libraries: Vec<PathBuf>,
    /// Seconds that the session may take; 0 for no limit
    #[arg(long, value_name = "SECONDS", default_value = "600", value_parser = values::timeout)]
    #[arg(help_heading = "Session")]
    timeout: Duration,
    /// Most memory that the session's process may map, such as 4GiB
    #[arg(long, value_name = "BYTES", value_parser = values::bytes, help_heading = "Session")]
    memory_limit: Option<u64>,
    /// Let a full load run ops that are not known to be harmless; the sandbox stays
    #[arg(long, help_heading = "Session")]
    allow_unsafe_ops: bool,
    /// Let the session see GPUs
    #[arg(long, help_heading = "Session")]
    allow_gpu: bool,
    /// Show everything that TensorFlow writes
    #[arg(short, long, help_heading = "Session")]
    verbose: bool,
}

impl SessionArgs {
    /// How to count.
    pub fn options(&self) -> Options {
        let mut options = Options::default()
            .runtime(self.runtime.0)
            .group_by(self.group_by.0)
            .op_libraries(&self.op_libraries)
            .timeout(Some(self.timeout).filter(|time| !time.is_zero()))
            .allow_unsafe_ops(self.allow_unsafe_ops)
            .allow_gpu(self.allow_gpu)
            .verify_checksums(self.verify_checksums)
            .stats(self.stats)
            .offline(self.offline)
            .show_library_output(self.verbose);
        options.tags = self.tags.as_deref().map(|tags| {
            tags.split(',').map(str::trim).filter(|t| !t.is_empty()).map(str::to_owned).collect()
        });
        options.libtensorflow = self.libtensorflow.clone();
        options.memory_limit = self.memory_limit;
        options.keras_config = self.keras_config.clone();
        options
    }
}
