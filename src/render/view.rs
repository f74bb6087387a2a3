//! What a reader wants to see, apart from the format.

use crate::model::words;
use crate::select::Sort;

/// Fewest columns that a terminal report is laid out for.
pub const MIN_WIDTH: usize = 40;

/// How to show a report. `View::default()` is plain text of 80 columns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct View {
    /// Columns of the terminal; fewer than 40 count as 40.
    pub width: usize,
    /// Whether escape sequences for colour may be written.
    pub color: bool,
    /// Whether everything beyond ASCII is replaced.
    pub ascii: bool,
    /// Levels of the tree below the root; `None` chooses what fits a screenful.
    pub depth: Option<usize>,
    /// Whether the variables are listed below the tree.
    pub variables: bool,
    /// Which columns tables have beside the name; empty chooses.
    pub columns: Vec<Column>,
    /// Order of siblings in the tree; the variables' order is the selection's.
    pub sort: Sort,
    /// What CSV lists.
    pub csv_of: Listing,
    /// Whether the report shows the memory that serving and training take.
    pub cost: bool,
}

impl Default for View {
    fn default() -> View {
        View {
            width: 80,
            color: false,
            ascii: false,
            depth: None,
            variables: false,
            columns: Vec::new(),
            sort: Sort::Model,
            csv_of: Listing::Variables,
            cost: false,
        }
    }
}

/// What a table has one row for each of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Listing {
    /// The counted variables.
    #[default]
    Variables,
    /// The sub-models, layers, modules or scopes.
    Groups,
}

words! {
    /// A column of the tree or of the list of variables, beside the name.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    #[non_exhaustive]
    pub enum Column {
        /// Elements.
        Parameters => "parameters",
        /// Share of the model's parameters.
        Share => "share",
        /// The share as a bar.
        Bar => "bar",
        /// Whether training would change it.
        Trainable => "trainable",
        /// Stored bytes.
        Bytes => "bytes",
        /// Number of variables (tree only).
        Variables => "variables",
        /// Parameters held directly (tree only).
        Own => "own",
        /// Shape (variables only).
        Shape => "shape",
        /// Element type (variables only).
        Dtype => "dtype",
        /// Key in the checkpoint (variables only).
        Key => "key",
    }
}
