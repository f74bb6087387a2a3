//! The words for facts: one sentence each, what it is about, and both values where two differ.
//!
//! Texts from the model are passed on unescaped; renderers escape them.

mod count;
mod files;
mod layers;
mod sentence;
mod session;
mod variables;

use crate::reconcile::Fact;
pub(super) use sentence::Words;
pub(super) use session::of_reason as reason;

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
