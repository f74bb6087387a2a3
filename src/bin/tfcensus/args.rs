//! The command line. No type of clap's goes beyond this file and [`crate::values`].

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use clap::error::{ContextKind, ErrorKind};
use clap::{Args as ClapArgs, CommandFactory, Parser, Subcommand};
use clap_complete::Shell;
use tfcensus::expect::{Bound, Expectation};
use tfcensus::render::cached::ListFormat;
use tfcensus::render::diff::DiffFormat;
use tfcensus::render::style::ColorChoice;
use tfcensus::render::{Column, Format, Listing, View};
use tfcensus::select::{Filter, Sort};
use tfcensus::{GroupBy, Options, Result, RuntimeChoice};

use crate::values::{self, Word};
use crate::{error, exit, terminal};

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

const COUNT_EXAMPLES: &str = "\
Examples:
  tfcensus count M --quiet                        one integer
  tfcensus count M --variables --sort bytes       every variable, largest first
  tfcensus count M --include '*/kernel*'          only these variables, with their own sum
  tfcensus count M --format html -o report.html   a report for the browser
  tfcensus count M --expect parameters=3538984    fail in CI if the count changes
  tfcensus count M --max bytes=16MiB --format github

Exit codes:
  0  verified by a session (with --runtime off: the files do not contradict each other)
  1  counted, but witnesses disagree, or an expectation failed
  2  no census: wrong usage, not a model, unreadable
  3  counted from the files, but no session could confirm it
";

const DIFF_EXAMPLES: &str = "\
Examples:
  tfcensus diff ./before ./after
  tfcensus diff ./before ./after --format markdown    for a pull request

Exit codes:
  0  no difference    1  a difference    2  one of them could not be counted
";

const LIST_NOTES: &str = "\
Parameters are counted from the files alone, without a session and without the network.

Environment:
  TFHUB_CACHE_DIR, KAGGLEHUB_CACHE, HF_HUB_CACHE   the caches, as in Python

Exit codes:
  0  every model can be used, or there is none
  1  a model is broken, half downloaded, uncounted, or its files contradict each other;
     or a cache cannot be read
  2  the list could not be written, or wrong usage
";

/// How many parameters does a TensorFlow model have, and where?
///
/// Loads the model into a real TensorFlow session, asks it for every variable, and holds the
/// answer against the model's own files.
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
    #[command(after_help = COUNT_EXAMPLES)]
    Count(Box<CountArgs>),
    /// Show what changed between two models
    #[command(after_help = DIFF_EXAMPLES)]
    Diff(Box<DiffArgs>),
    /// Show the models in the caches of tensorflow_hub, kagglehub and huggingface_hub
    #[command(after_help = LIST_NOTES)]
    List(ListArgs),
    /// Show which libtensorflow would be used, and every place that was looked at
    #[command(after_help = "Exit codes:\n  0  a session can be had    3  none can\n")]
    Doctor(DoctorArgs),
    /// Say what a finding means and what to do; without a code, list them all
    Explain {
        /// Code of the finding, such as shape-differs
        code: Option<String>,
    },
    /// Write completions for a shell
    Completions {
        /// The shell
        shell: Shell,
    },
    /// Write the manual page, of the program or of one command
    Man {
        /// The command
        command: Option<String>,
    },
}

/// Options of `count`.
#[derive(Debug, ClapArgs)]
pub struct CountArgs {
    /// A SavedModel folder, a .tar.gz, a hub handle or an address
    #[arg(value_name = "MODEL")]
    pub model: OsString,
    #[command(flatten)]
    session: SessionArgs,
    #[command(flatten)]
    show: ShowArgs,
    #[command(flatten)]
    filter: FilterArgs,
    #[command(flatten)]
    pub checks: CheckArgs,
}

/// Options of `diff`.
#[derive(Debug, ClapArgs)]
pub struct DiffArgs {
    /// The model before
    #[arg(value_name = "BEFORE")]
    pub before: OsString,
    /// The model after
    #[arg(value_name = "AFTER")]
    pub after: OsString,
    /// How to show the difference
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub format: Word<DiffFormat>,
    /// Write to this file instead of standard output
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    #[command(flatten)]
    session: SessionArgs,
    #[command(flatten)]
    looks: LooksArgs,
}

/// Options of `list`.
#[derive(Debug, ClapArgs)]
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

/// Options of `doctor`.
#[derive(Debug, ClapArgs)]
pub struct DoctorArgs {
    /// A libtensorflow, or a folder that holds one, to look at first
    #[arg(long, value_name = "PATH")]
    pub libtensorflow: Option<PathBuf>,
}

#[derive(Debug, ClapArgs)]
struct SessionArgs {
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
    /// Let a full load run ops that touch files, processes or the network
    #[arg(long, help_heading = "Session")]
    allow_unsafe_ops: bool,
    /// Let the session see GPUs
    #[arg(long, help_heading = "Session")]
    allow_gpu: bool,
    /// Show everything that TensorFlow writes
    #[arg(short, long, help_heading = "Session")]
    verbose: bool,
}

#[derive(Debug, ClapArgs)]
struct ShowArgs {
    /// How to show the census
    #[arg(long, value_name = "FORMAT", default_value = "text", help_heading = "What to show")]
    format: Word<Format>,
    /// Write to this file instead of standard output
    #[arg(short, long, value_name = "FILE", help_heading = "What to show")]
    output: Option<PathBuf>,
    /// Print the number of parameters and nothing else
    #[arg(short, long, conflicts_with = "format", help_heading = "What to show")]
    quiet: bool,
    /// Levels of the tree; chosen to fit a screen where not given
    #[arg(long, value_name = "N", help_heading = "What to show")]
    depth: Option<usize>,
    /// List every variable
    #[arg(long, help_heading = "What to show")]
    variables: bool,
    /// Show what the weights cost in memory, and the largest tensors
    #[arg(long, help_heading = "What to show")]
    cost: bool,
    /// Order of variables, and of siblings in the tree
    #[arg(long, value_name = "KEY", default_value = "model", help_heading = "What to show")]
    sort: Word<Sort>,
    /// Columns of the tables, in this order
    #[arg(long, value_name = "COLUMNS", value_delimiter = ',', help_heading = "What to show")]
    columns: Vec<Word<Column>>,
    /// What CSV lists
    #[arg(long, value_name = "WHAT", default_value = "variables", help_heading = "What to show")]
    csv_of: Word<Listing>,
    #[command(flatten)]
    looks: LooksArgs,
}

#[derive(Debug, ClapArgs)]
struct LooksArgs {
    /// Write nothing beyond ASCII
    #[arg(long, help_heading = "What to show")]
    ascii: bool,
    /// When to use colour
    #[arg(long, value_name = "WHEN", default_value = "auto", help_heading = "What to show")]
    color: Word<ColorChoice>,
}

#[derive(Debug, ClapArgs)]
struct FilterArgs {
    /// List only variables whose name or path matches (repeatable)
    #[arg(long, value_name = "GLOB", help_heading = "Which variables to list")]
    include: Vec<String>,
    /// Leave out variables whose name or path matches (repeatable)
    #[arg(long, value_name = "GLOB", help_heading = "Which variables to list")]
    exclude: Vec<String>,
    /// List only variables that training would change
    #[arg(long, help_heading = "Which variables to list")]
    trainable: bool,
    /// List only variables of these element types, such as float32,int8
    #[arg(long, value_name = "TYPES", value_delimiter = ',')]
    #[arg(help_heading = "Which variables to list")]
    dtype: Vec<String>,
}

/// What the census is held to.
#[derive(Debug, ClapArgs)]
pub struct CheckArgs {
    /// Fail unless these numbers are exactly so: parameters=N,trainable=N,bytes=N (repeatable)
    #[arg(long, value_name = "NAME=N", help_heading = "Checks")]
    expect: Vec<String>,
    /// Fail if one of these numbers is larger (repeatable)
    #[arg(long, value_name = "NAME=N", help_heading = "Checks")]
    max: Vec<String>,
    /// Fail where totals or variables differ from this earlier JSON report
    #[arg(long, value_name = "FILE", help_heading = "Checks")]
    pub baseline: Option<PathBuf>,
}

impl CheckArgs {
    /// The numbers to hold the census to.
    pub fn expectations(&self) -> Result<Vec<Expectation>> {
        let exact = self.expect.iter().map(|text| Expectation::parse_list(text, Bound::Exactly));
        let most = self.max.iter().map(|text| Expectation::parse_list(text, Bound::AtMost));
        let lists = exact.chain(most).collect::<Result<Vec<_>>>()?;
        Ok(lists.into_iter().flatten().collect())
    }
}

impl SessionArgs {
    fn options(&self) -> Options {
        let tags = self.tags.as_deref().map(|tags| {
            tags.split(',').map(str::trim).filter(|t| !t.is_empty()).map(str::to_owned).collect()
        });
        Options {
            tags,
            runtime: self.runtime.0,
            group_by: self.group_by.0,
            libtensorflow: self.libtensorflow.clone(),
            op_libraries: self.op_libraries.clone(),
            timeout: Some(self.timeout).filter(|time| !time.is_zero()),
            memory_limit: self.memory_limit,
            allow_unsafe_ops: self.allow_unsafe_ops,
            allow_gpu: self.allow_gpu,
            verify_checksums: self.verify_checksums,
            stats: self.stats,
            keras_config: self.keras_config.clone(),
            offline: self.offline,
            show_library_output: self.verbose,
            ..Options::default()
        }
    }
}

/// How the result is to be shown, and where.
pub struct Presentation {
    /// The format; `None` for one integer.
    pub format: Option<Format>,
    /// Details of the format.
    pub view: View,
    /// Order of the variables.
    pub sort: Sort,
    /// The file to write; `None` for stdout.
    pub output: Option<PathBuf>,
}

impl CountArgs {
    /// How to count.
    pub fn options(&self) -> Options {
        self.session.options()
    }

    /// Which variables to list.
    pub fn filter(&self) -> Result<Filter> {
        Filter::default()
            .trainable(self.filter.trainable)
            .dtypes(&self.filter.dtype)?
            .include(&self.filter.include)?
            .exclude(&self.filter.exclude)
    }

    /// How to show the census. A filter alone asks for the list that it filters.
    pub fn presentation(&self, filtered: bool) -> Presentation {
        let show = &self.show;
        Presentation {
            format: (!show.quiet).then_some(show.format.0),
            view: View {
                depth: show.depth,
                variables: show.variables || filtered,
                columns: show.columns.iter().map(|column| column.0).collect(),
                sort: show.sort.0,
                csv_of: show.csv_of.0,
                cost: show.cost,
                ..show.looks.view(show.output.as_deref())
            },
            sort: show.sort.0,
            output: show.output.clone(),
        }
    }
}

impl DiffArgs {
    /// How to count both models.
    pub fn options(&self) -> Options {
        self.session.options()
    }

    /// How to show the difference.
    pub fn view(&self) -> View {
        self.looks.view(self.output.as_deref())
    }
}

impl ListArgs {
    /// How to show the list.
    pub fn view(&self) -> View {
        self.looks.view(self.output.as_deref())
    }
}

impl LooksArgs {
    fn view(&self, output: Option<&Path>) -> View {
        let color = match output {
            Some(_) => self.color.0 == ColorChoice::Always,
            None => terminal::colors(self.color.0, &std::io::stdout()),
        };
        View { width: terminal::width(), color, ascii: self.ascii, ..View::default() }
    }
}

/// Parses the command line, or says what is wrong with it and gives the exit code.
pub fn parse() -> Result<Args, ExitCode> {
    parse_from(std::env::args_os().collect()).map_err(|failure| match failure {
        Failure::Clap(failure) => {
            let good = !failure.use_stderr();
            let _ = failure.print();
            ExitCode::from(if good { exit::GOOD } else { exit::NO_CENSUS })
        }
        Failure::Command(hint) => {
            error::print(&hint.into());
            ExitCode::from(exit::NO_CENSUS)
        }
    })
}

/// Why there is nothing to run.
#[derive(Debug)]
enum Failure {
    /// Help, version, or an error that clap explains.
    Clap(clap::Error),
    /// A model where a command should be.
    Command(tfcensus::Error),
}

fn parse_from(words: Vec<OsString>) -> Result<Args, Failure> {
    Args::try_parse_from(&words).map_err(|failure| {
        let suggested = failure.get(ContextKind::SuggestedSubcommand).is_some();
        match (words.get(1), failure.kind()) {
            (Some(word), ErrorKind::InvalidSubcommand)
                if !suggested || looks_like_a_model(word) =>
            {
                Failure::Command(missing_command(word))
            }
            (Some(option), ErrorKind::UnknownArgument) if is_option_of_count(option) => {
                Failure::Command(early_option(option))
            }
            _ => Failure::Clap(failure),
        }
    })
}

/// An option of `count` where the command should be.
fn is_option_of_count(word: &OsString) -> bool {
    let text = word.to_string_lossy();
    let name = text.split('=').next().unwrap_or_default();
    let command = command();
    let mut options = command.find_subcommand("count").into_iter().flat_map(|c| c.get_arguments());
    options.any(|option| {
        let long = option.get_long().is_some_and(|long| name == format!("--{long}"));
        long || option.get_short().is_some_and(|short| name == format!("-{short}"))
    })
}

fn early_option(option: &OsString) -> tfcensus::Error {
    let option = option.to_string_lossy();
    tfcensus::Error::Usage {
        what: format!("{option} stands before the command"),
        advice: format!("write: tfcensus count MODEL {option}"),
    }
}

fn looks_like_a_model(word: &OsString) -> bool {
    let text = word.to_string_lossy();
    text.contains('/')
        || text.contains(".tar")
        || text.ends_with(".tgz")
        || Path::new(word).exists()
}

fn missing_command(model: &OsString) -> tfcensus::Error {
    let model = model.to_string_lossy();
    let plain = |c: char| c.is_alphanumeric() || "/._-:@=+".contains(c);
    let model = match model.chars().all(plain) {
        true => model.into_owned(),
        false => format!("'{}'", model.replace('\'', "'\\''")),
    };
    tfcensus::Error::Usage {
        what: "there is no command before the model".into(),
        advice: format!("did you mean: tfcensus count {model}"),
    }
}

/// The whole command line, for completions and manual pages.
pub fn command() -> clap::Command {
    Args::command()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(line: &str) -> Vec<OsString> {
        line.split(' ').map(OsString::from).collect()
    }

    #[test]
    fn the_command_line_is_consistent() {
        command().debug_assert();
    }

    #[test]
    fn offers_count_where_a_model_stands_in_its_place() {
        let Err(Failure::Command(hint)) = parse_from(words("tfcensus ./my_model")) else {
            panic!("no hint");
        };
        assert_eq!(hint.advice(), "did you mean: tfcensus count ./my_model");
        let Err(Failure::Command(hint)) = parse_from(words("tfcensus bert")) else {
            panic!("no hint");
        };
        assert_eq!(hint.advice(), "did you mean: tfcensus count bert");
        assert!(matches!(parse_from(words("tfcensus cuont")), Err(Failure::Clap(_))));
    }

    #[test]
    fn an_option_before_the_command_is_told_where_it_belongs() {
        for option in ["--quiet", "-q", "--format=json"] {
            let Err(Failure::Command(hint)) = parse_from(vec!["tfcensus".into(), option.into()])
            else {
                panic!("no hint");
            };
            assert_eq!(hint.advice(), format!("write: tfcensus count MODEL {option}"));
        }
        assert!(matches!(parse_from(words("tfcensus --nonsense")), Err(Failure::Clap(_))));
    }

    #[test]
    fn turns_words_into_options() {
        let line = "tfcensus count m --tags serve,gpu --timeout 0 --memory-limit 4GiB";
        let Ok(Args { command: Command::Count(count) }) = parse_from(words(line)) else {
            panic!("not parsed");
        };
        let options = count.options();
        assert_eq!(options.tags, Some(vec!["serve".to_owned(), "gpu".to_owned()]));
        assert_eq!(options.timeout, None);
        assert_eq!(options.memory_limit, Some(4 << 30));
    }

    #[test]
    fn tells_an_empty_tag_set_from_none() {
        let parse = |tags: Option<&str>| {
            let mut line = words("tfcensus count m");
            line.extend(tags.map(|tags| format!("--tags={tags}").into()));
            match parse_from(line) {
                Ok(Args { command: Command::Count(count) }) => count.options().tags,
                _ => panic!("not parsed"),
            }
        };
        assert_eq!(parse(None), None);
        assert_eq!(parse(Some("")), Some(Vec::new()));
    }
}
