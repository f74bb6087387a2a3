//! One finding in words.

use std::fmt::Display;
use std::path::PathBuf;

/// What a person reads of a fact.
pub(in crate::verdict) struct Words {
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
    /// A sentence about the model as a whole.
    pub fn new(message: impl Into<String>) -> Words {
        Words { subject: None, message: message.into(), expected: None, found: None }
    }

    /// Names what it is about.
    pub fn about(mut self, subject: impl Into<String>) -> Words {
        self.subject = Some(subject.into());
        self
    }

    /// Adds the two values that differ.
    pub fn values(mut self, expected: impl Display, found: impl Display) -> Words {
        self.expected = Some(expected.to_string());
        self.found = Some(found.to_string());
        self
    }
}

/// The end of a sentence about what a `.keras` archive beside the model may tell.
pub(super) fn may_tell(archive: &Option<PathBuf>) -> String {
    let found = archive.as_ref().map(|path| path.display().to_string());
    found.map_or(String::new(), |path| {
        format!("; --keras-config {path} tells, if it is of this model")
    })
}
