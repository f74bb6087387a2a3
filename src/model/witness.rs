//! What the witnesses of a model saw.

use super::Counts;
use super::words::words;

words! {
    /// The four witnesses.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
    #[non_exhaustive]
    pub enum WitnessName {
        /// A TensorFlow session.
        Runtime => "runtime",
        /// The checkpoint's index and its shards.
        Checkpoint => "checkpoint",
        /// The object graph, or TF1 collections and graph.
        Declaration => "declaration",
        /// The Keras metadata.
        Keras => "keras",
    }
}

words! {
    /// How a witness compares with the count.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
    #[non_exhaustive]
    pub enum WitnessStatus {
        /// It confirms every counted variable.
        Agrees => "agrees",
        /// It contradicts another witness.
        Contradicts => "contradicts",
        /// It knows only some of the counted variables, and contradicts none.
        Partial => "partial",
        /// It should be there and could not be read or asked.
        Unavailable => "unavailable",
        /// The model has no such witness, or it was not asked.
        Absent => "absent",
    }
}

/// What one witness saw.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Witness {
    /// Which one.
    pub name: WitnessName,
    /// How it compares with the count.
    pub status: WitnessStatus,
    /// What it saw of the counted variables; `None` where it saw nothing.
    pub counts: Option<Counts>,
    /// One line for a person.
    pub detail: String,
}

impl Witness {
    /// A witness that saw nothing.
    pub fn new(name: WitnessName, status: WitnessStatus, detail: impl Into<String>) -> Witness {
        Witness { name, status, counts: None, detail: detail.into() }
    }
}
