//! The words for facts: one sentence each, what it is about, and both values where two differ.
//!
//! Texts from the model are passed on unescaped; renderers escape them.

mod count;
mod files;
mod session;
mod variables;

use std::fmt::Display;

use crate::reconcile::Fact;
pub(super) use session::of_reason as reason;

/// What a person reads of a fact.
pub(super) struct Words {
    /// The variable, layer, node or file that it is about.
    pub subject: Option<String>,
    /// One sentence.
    pub message: String,
    /// What one witness led to expect.
    pub expected: Option<String>,
    /// What another one said.
    pub found: Option<String>,
}

impl Words {
    fn new(message: impl Into<String>) -> Words {
        Words { subject: None, message: message.into(), expected: None, found: None }
    }

    fn about(mut self, subject: impl Into<String>) -> Words {
        self.subject = Some(subject.into());
        self
    }

    fn values(mut self, expected: impl Display, found: impl Display) -> Words {
        self.expected = Some(expected.to_string());
        self.found = Some(found.to_string());
        self
    }
}

/// The words for this fact.
pub(super) fn words(fact: &Fact) -> Words {
    match fact {
        Fact::File(fact) => files::of_file(fact),
        Fact::Graph(fact) => files::of_graph(fact),
        Fact::Variable(fact) => variables::of_variable(fact),
        Fact::Session(fact) => session::of_session(fact),
        Fact::Keras(fact) => variables::of_keras(fact),
        Fact::Count(fact) => count::of_count(fact),
    }
}
