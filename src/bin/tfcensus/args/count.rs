//! `tfcensus count`.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::Args;
use tfcensus::expect::{Bound, Expectation};
use tfcensus::render::{Column, Format, Listing, View};
use tfcensus::select::{Filter, Sort};
use tfcensus::{Options, Result};

use super::looks::LooksArgs;
use super::session::SessionArgs;
use super::values::Word;

/// What stands below the options.
pub const NOTES: &str = "\
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

/// Options of `count`.
#[derive(Debug, Args)]
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

#[derive(Debug, Args)]
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

#[derive(Debug, Args)]
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

/// Numbers and reports that the census is compared with.
#[derive(Debug, Args)]
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
    /// The numbers that the census is compared with.
    pub fn expectations(&self) -> Result<Vec<Expectation>> {
        let exact = self.expect.iter().map(|text| Expectation::parse_list(text, Bound::Exactly));
        let most = self.max.iter().map(|text| Expectation::parse_list(text, Bound::AtMost));
        let lists = exact.chain(most).collect::<Result<Vec<_>>>()?;
        Ok(lists.into_iter().flatten().collect())
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

    /// How to show the census. A filter alone also turns the list of variables on.
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
