//! Why a session gave no answer, in TensorFlow's own words where it has any. Both processes use it:
//! the worker cleans messages, the parent makes failures of them.

use std::fmt;

use crate::limits::MAX_FAILURE_MESSAGE_BYTES;

/// Why there is no answer from a session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// What went wrong.
    pub kind: FailureKind,
    /// One or two sentences: TensorFlow's words without line breaks, or those of this program. May
    /// contain text from the model (not escaped).
    pub message: String,
    /// The last lines of the worker's stderr that may explain the failure, oldest first.
    pub stderr_lines: Vec<String>,
}

impl Failure {
    /// A failure without lines of stderr.
    pub fn new(kind: FailureKind, message: impl Into<String>) -> Failure {
        Failure { kind, message: message.into(), stderr_lines: Vec::new() }
    }

    /// The failure that TensorFlow's status stands for. A missing op and a file that cannot be parsed
    /// have no codes of their own: the message alone tells them.
    pub(super) fn from_status(code: StatusCode, message: &str) -> Failure {
        let kind = match (code, missing_op(message)) {
            (_, Some(op)) => FailureKind::MissingOp(op.to_string()),
            (StatusCode::RESOURCE_EXHAUSTED, _) => FailureKind::OutOfMemory,
            (_, None) if is_unparsable(message) => FailureKind::Unparsable,
            (_, None) => FailureKind::Refused,
        };
        Failure::new(kind, clean(message))
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Failure {}

/// The kinds of failure that a caller may want to tell apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FailureKind {
    /// No libtensorflow was found.
    NoLibrary,
    /// A library was found, but it cannot be mapped, or it lacks a function.
    LibraryUnusable,
    /// TensorFlow refused the request.
    Refused,
    /// The model uses an op that the library lacks; its name.
    MissingOp(String),
    /// TensorFlow cannot parse the model's file.
    Unparsable,
    /// The worker process ended before it answered.
    Crashed {
        /// The signal that ended it; `None` where it exited by itself.
        signal: Option<i32>,
    },
    /// The deadline passed.
    TimedOut,
    /// The memory, or the limit set on it, did not suffice.
    OutOfMemory,
    /// No folder can be written to, and the worker needs one for a moment.
    NoTemporaryFolder,
    /// The program that was started as a worker does not serve as one.
    NotAWorker,
    /// The worker process violated the protocol, or could not be started.
    Protocol,
}

/// One of TensorFlow's status codes, by its number. Only those that are told apart have names.
/// Source: `enum Code`, tensorflow/core/protobuf/error_codes.proto (xla/tsl since 2.14).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StatusCode(pub u32);

#[allow(missing_docs)]
impl StatusCode {
    pub const UNKNOWN: StatusCode = StatusCode(2);
    pub const INVALID_ARGUMENT: StatusCode = StatusCode(3);
    pub const NOT_FOUND: StatusCode = StatusCode(5);
    pub const PERMISSION_DENIED: StatusCode = StatusCode(7);
    pub const RESOURCE_EXHAUSTED: StatusCode = StatusCode(8);
    pub const FAILED_PRECONDITION: StatusCode = StatusCode(9);
    pub const UNIMPLEMENTED: StatusCode = StatusCode(12);
}

/// The op that TensorFlow says it does not know.
/// Source: `OpNotFound`, tensorflow/core/framework/op.cc (TensorFlow 2.12 to 2.21).
fn missing_op(message: &str) -> Option<&str> {
    let (_, rest) = message.split_once("Op type not registered '")?;
    let (op, _) = rest.split_once('\'')?;
    Some(op)
}

/// True where TensorFlow says that a file is no message of the expected type.
/// Source: `ReadBinaryProto` and `ReadTextProto`, tensorflow/core/platform/env.cc.
fn is_unparsable(message: &str) -> bool {
    message.starts_with("Can't parse ")
        && [" as binary proto", " as text proto"].iter().any(|end| message.ends_with(end))
}

/// Name scope of the nodes that the worker adds to graphs. A reader of a message does not know them.
pub(super) const OWN_SCOPE: &str = "census";

/// TensorFlow's message on one line and of bounded length, without boilerplate and without its marks
/// of nodes. The first mark is kept in other words, unless it names a node of [`OWN_SCOPE`].
pub(super) fn clean(message: &str) -> String {
    const BOILERPLATE: [&str; 2] = [
        "Note that if you are loading a saved graph",
        "Hint: If you want to see a list of allocated tensors",
    ];
    let end = BOILERPLATE.iter().filter_map(|words| message.find(words)).min();
    let message = message.get(..end.unwrap_or(message.len())).unwrap_or(message);
    let (message, _) = without_marks(message, "{{function_node ", "}}");
    let (message, nodes) = without_marks(&message, "[[", "]]");
    let mut cleaned = String::with_capacity(message.len().min(MAX_FAILURE_MESSAGE_BYTES));
    for word in message.split_whitespace() {
        if cleaned.len() + word.len() > MAX_FAILURE_MESSAGE_BYTES {
            cleaned.push_str(" …");
            break;
        }
        if !cleaned.is_empty() {
            cleaned.push(' ');
        }
        cleaned.push_str(word);
    }
    let node = nodes.first().map(|mark| mark.trim_start_matches("{{node ").trim_end_matches("}}"));
    match node {
        Some(node)
            if !node.starts_with(OWN_SCOPE) && node.len() < MAX_FAILURE_MESSAGE_BYTES / 4 =>
        {
            format!("{cleaned} (node {node})")
        }
        _ => cleaned,
    }
}

/// `text` without the parts between `open` and `close`, and these parts.
fn without_marks<'t>(text: &'t str, open: &str, close: &str) -> (String, Vec<&'t str>) {
    let (mut kept, mut marks, mut rest) = (String::with_capacity(text.len()), Vec::new(), text);
    while let Some((before, after)) = rest.split_once(open) {
        let Some((mark, after)) = after.split_once(close) else { break };
        kept.push_str(before);
        marks.push(mark);
        rest = after;
    }
    kept.push_str(rest);
    (kept, marks)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_the_op_that_is_missing() {
        let said = "Op type not registered 'SentencepieceOp' in binary running on host. Make sure \
                    the Op and Kernel are registered in the binary running in this process. Note \
                    that if you are loading a saved graph which used ops from tf.contrib, accessing \
                    (e.g.) `tf.contrib.resampler` should be done before importing the graph, as \
                    contrib ops are lazily registered when the module is first accessed.";
        let failure = Failure::from_status(StatusCode::NOT_FOUND, said);
        assert_eq!(failure.kind, FailureKind::MissingOp("SentencepieceOp".into()));
        assert!(!failure.message.contains("contrib"), "{failure}");
    }

    #[test]
    fn a_file_that_is_no_message_cannot_be_parsed() {
        // As TensorFlow 2.21 says it.
        for said in ["Can't parse ./saved_model.pb as binary proto", "Can't parse x as text proto"]
        {
            let failure = Failure::from_status(StatusCode::UNKNOWN, said);
            assert_eq!(failure.kind, FailureKind::Unparsable);
        }
        let of_an_op = Failure::from_status(StatusCode::UNKNOWN, "Can't parse serialized Example.");
        assert_eq!(of_an_op.kind, FailureKind::Refused);
    }

    #[test]
    fn a_resource_exhausted_status_is_out_of_memory() {
        let failure =
            Failure::from_status(StatusCode::RESOURCE_EXHAUSTED, "OOM when allocating tensor");
        assert_eq!(failure.kind, FailureKind::OutOfMemory);
    }

    #[test]
    fn puts_a_message_on_one_line_and_bounds_it() {
        assert_eq!(clean("no\n\t such  file"), "no such file");
        assert!(clean(&"word ".repeat(10_000)).len() <= MAX_FAILURE_MESSAGE_BYTES + 8);
        assert!(clean(&"x".repeat(10_000)).len() <= MAX_FAILURE_MESSAGE_BYTES + 8);
    }

    #[test]
    fn names_the_first_node_and_drops_the_other_marks() {
        // As TensorFlow 2.21 says it of a checkpoint without the key.
        let said = "{{function_node __inference__traced_restore_24183}} {{function_node \
                    __inference__traced_restore_24183}} Key a not found in checkpoint\n\t \
                    [[{{node RestoreV2}}]]\n\t [[StatefulPartitionedCall_2]]";
        assert_eq!(clean(said), "Key a not found in checkpoint (node RestoreV2)");
        assert_eq!(clean("Key a not found\n\t [[{{node census/restored}}]]"), "Key a not found");
        assert_eq!(clean("unclosed [[{{node"), "unclosed [[{{node");
    }
}
