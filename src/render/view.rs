//! What a reader wants to see, apart from the format.

use crate::model::word_of;
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

/// A column of the tree or of the list of variables, beside the name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Column {
    /// Elements.
    Parameters,
    /// Share of the model's parameters.
    Share,
    /// The share as a bar.
    Bar,
    /// Whether training would change it.
    Trainable,
    /// Stored bytes.
    Bytes,
    /// Number of variables (tree only).
    Variables,
    /// Parameters held directly (tree only).
    Own,
    /// Shape (variables only).
    Shape,
    /// Element type (variables only).
    Dtype,
    /// Key in the checkpoint (variables only).
    Key,
}

impl Column {
    /// Every column.
    pub const ALL: &'static [Column] = &[
        Column::Parameters,
        Column::Share,
        Column::Bar,
        Column::Trainable,
        Column::Bytes,
        Column::Variables,
        Column::Own,
        Column::Shape,
        Column::Dtype,
        Column::Key,
    ];

    /// The word that `--columns` takes.
    pub fn as_str(self) -> &'static str {
        match self {
            Column::Parameters => "parameters",
            Column::Share => "share",
            Column::Bar => "bar",
            Column::Trainable => "trainable",
            Column::Bytes => "bytes",
            Column::Variables => "variables",
            Column::Own => "own",
            Column::Shape => "shape",
            Column::Dtype => "dtype",
            Column::Key => "key",
        }
    }

    /// The column with this word.
    pub fn from_word(word: &str) -> Option<Column> {
        Column::ALL.iter().copied().find(|column| column.as_str() == word)
    }
}

word_of!(Column);
