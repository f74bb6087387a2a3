//! The conversation between the census and its worker process: one JSON object a line, requests
//! on the worker's stdin, events on its stdout. `docs/worker-protocol.md` describes it.
//!
//! The worker runs TensorFlow on a model that nobody vouches for, so what it says is data to be
//! checked: [`decode_event`] bounds every line, text, rank and number, and never panics.

mod request;

use serde::{Deserialize, Serialize};

pub use self::request::{
    Answer, Held, Limits, LoadRequest, RestoreRequest, RestoreTensor, VariableKind, VariableOp,
};

use crate::limits::MAX_RANK;
use crate::model::{DType, Shape, Stats};

/// Version of the conversation; worker and parent are the same program, so it only has to match.
pub const PROTOCOL: u32 = 1;
/// The one argument that makes this program a worker.
pub(super) const WORKER_ARGUMENT: &str = "--tfcensus-session-worker";
/// Longest event line that is read, in bytes.
pub const MAX_EVENT_LINE: usize = 1 << 20;
/// Most variables in one event.
pub const MAX_HELD_PER_EVENT: usize = 256;
/// Longest message in an event, in bytes.
pub const MAX_TEXT: usize = 16 << 10;

/// Bytes that are usually text: a JSON string, or `{"hex": "…"}` where they are not UTF-8.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Raw {
    /// UTF-8.
    Text(String),
    /// Anything else, as hexadecimal digits.
    Hex {
        /// Two digits a byte.
        hex: String,
    },
}

impl Raw {
    /// Wraps bytes.
    pub fn new(bytes: &[u8]) -> Raw {
        match std::str::from_utf8(bytes) {
            Ok(text) => Raw::Text(text.to_string()),
            Err(_) => Raw::Hex { hex: bytes.iter().map(|b| format!("{b:02x}")).collect() },
        }
    }

    /// The bytes again; `None` where the digits are no bytes.
    pub fn bytes(&self) -> Option<Vec<u8>> {
        match self {
            Raw::Text(text) => Some(text.as_bytes().to_vec()),
            Raw::Hex { hex } => {
                let digits = hex.chars().map(|c| c.to_digit(16)).collect::<Option<Vec<u32>>>()?;
                let pairs = digits.chunks(2).map(|pair| match pair {
                    [high, low] => u8::try_from(high << 4 | low).ok(),
                    _ => None,
                });
                pairs.collect()
            }
        }
    }
}

/// What the parent says.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Request {
    /// First of all: limits and library.
    Start(Start),
    /// Load a model.
    Load(Load),
    /// Restore tensors.
    Restore(Restore),
}

/// First line to the worker.
#[derive(Debug, Serialize, Deserialize)]
pub struct Start {
    /// [`PROTOCOL`].
    pub protocol: u32,
    /// Process number of the parent: a worker with another parent has lost it.
    pub parent: u32,
    /// The library.
    pub library: Raw,
    /// Its framework library, which must be mapped first.
    pub framework: Option<Raw>,
    /// A folder that the worker makes, to hold a link of the one name that the `tensorflow` crate
    /// accepts, and removes as soon as the library is bound.
    pub link_folder: Raw,
    /// Most address space, in bytes.
    pub memory_limit: Option<u64>,
    /// Libraries of custom ops.
    pub op_libraries: Vec<Raw>,
    /// How many threads a session may use.
    pub threads: u8,
}

/// Load a model.
#[derive(Debug, Serialize, Deserialize)]
pub struct Load {
    /// Its folder.
    pub model_dir: Raw,
    /// Its MetaGraph's tags.
    pub tags: Vec<String>,
    /// The variables to ask for.
    pub variables: Vec<LoadVariable>,
}

/// A variable op.
#[derive(Debug, Serialize, Deserialize)]
pub struct LoadVariable {
    /// Node name.
    pub node: String,
    /// True for a reference variable.
    pub reference: bool,
    /// The node that reads it.
    pub read: Option<String>,
}

/// Restore tensors.
#[derive(Debug, Serialize, Deserialize)]
pub struct Restore {
    /// The checkpoint's prefix.
    pub prefix: Raw,
    /// What to restore.
    pub tensors: Vec<RestoreLine>,
    /// Most bytes at one time.
    pub batch_bytes: u64,
    /// With statistics.
    pub stats: bool,
}

/// One tensor to restore.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RestoreLine {
    /// Key.
    pub key: Raw,
    /// Slice; empty for all of it.
    pub slice: String,
    /// Number of its type.
    pub dtype: u32,
    /// Bytes in memory.
    pub byte_len: u64,
}

/// What the worker says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// The library is bound.
    Ready {
        /// [`PROTOCOL`].
        protocol: u32,
        /// `TF_Version`.
        tensorflow_version: String,
    },
    /// A step has begun.
    Step {
        /// Which.
        step: Step,
    },
    /// What the session holds of some of the variables asked for.
    Held {
        /// Position of the first of them in the request.
        first: u64,
        /// One for each.
        held: Vec<HeldLine>,
    },
    /// Variable ops that nobody asked for.
    Unasked {
        /// Their names.
        names: Vec<String>,
    },
    /// The request is answered.
    Done {
        /// Peak resident memory so far.
        peak_bytes: Option<u64>,
    },
    /// The request, or the start, has failed. The worker lives on unless it was the start.
    Failed {
        /// How.
        kind: FailedKind,
        /// TensorFlow's status code, where it gave one.
        code: Option<u32>,
        /// Why.
        message: String,
    },
}

/// The steps of a worker's life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// Mapping the library.
    Library,
    /// TensorFlow's loader is at work.
    Model,
    /// The session is asked for shapes.
    Shapes,
    /// Tensors are being restored.
    Weights,
}

/// How a request can fail without the worker's end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FailedKind {
    /// The library cannot be used.
    Library,
    /// TensorFlow refused.
    Status,
    /// The request made no sense, or the system refused something.
    Request,
}

/// [`Held`] on the wire; what is false or absent is left out.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct HeldLine {
    /// Number of the type of the variable's value; absent where it has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dtype: Option<u32>,
    /// Its dimensions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shape: Option<Vec<u64>>,
    /// Why it has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// Mean, standard deviation, least and greatest finite value; absent where there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finite: Option<[f64; 4]>,
    /// Numbers of zeros, NaNs and infinities; absent where there are no statistics.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub counts: Option<[u64; 3]>,
}

impl HeldLine {
    /// A variable whose value cannot be had, and why.
    pub fn error(why: impl Into<String>) -> HeldLine {
        HeldLine { error: Some(why.into()), ..HeldLine::default() }
    }

    /// What it means.
    pub fn held(self) -> Held {
        let stats = self.counts.map(|[zeros, nans, infinities]| Stats {
            mean: self.finite.map(|f| f[0]),
            std_dev: self.finite.map(|f| f[1]),
            min: self.finite.map(|f| f[2]),
            max: self.finite.map(|f| f[3]),
            zeros,
            nans,
            infinities,
        });
        Held {
            initialized: self.shape.is_some(),
            dtype: self.dtype.and_then(|number| DType::from_number(i64::from(number))),
            shape: self.shape.map(Shape),
            error: self.error,
            stats,
        }
    }
}

/// Reads one line of the worker's, which nothing vouches for. The error says what is wrong.
pub fn decode_event(line: &[u8]) -> Result<Event, String> {
    if line.len() > MAX_EVENT_LINE {
        return Err(format!("a line of more than {MAX_EVENT_LINE} bytes"));
    }
    let event: Event = serde_json::from_slice(line).map_err(|error| error.to_string())?;
    match &event {
        Event::Ready { protocol, .. } if *protocol != PROTOCOL => {
            Err(format!("protocol {protocol} instead of {PROTOCOL}"))
        }
        Event::Ready { tensorflow_version: text, .. } | Event::Failed { message: text, .. }
            if text.len() > MAX_TEXT =>
        {
            Err("a text that is too long".into())
        }
        Event::Held { held, .. } if held.len() > MAX_HELD_PER_EVENT => {
            Err("too many variables in one event".into())
        }
        Event::Held { held, .. } => {
            let too_many =
                |line: &HeldLine| line.shape.as_ref().is_some_and(|s| s.len() > MAX_RANK);
            if held.iter().any(too_many) {
                return Err(format!("a tensor of more than {MAX_RANK} dimensions"));
            }
            Ok(event)
        }
        _ => Ok(event),
    }
}

/// One line, ready to be written.
pub fn encode(message: &impl Serialize) -> Vec<u8> {
    // Plain structs with string keys: this cannot fail, and an empty line would be refused.
    let mut line = serde_json::to_vec(message).unwrap_or_default();
    line.push(b'\n');
    line
}

/// `text` cut to at most `limit` bytes, at a character's border.
pub fn cut(text: &str, limit: usize) -> &str {
    let mut end = text.len().min(limit);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(..end).unwrap_or("")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn carries_bytes_of_any_kind() {
        for bytes in [&b"layer/kernel"[..], b"", b"\xff\x00\x80", "größe".as_bytes()] {
            let line = encode(&Raw::new(bytes));
            let raw: Raw = serde_json::from_slice(&line).unwrap();
            assert_eq!(raw.bytes().as_deref(), Some(bytes));
        }
        assert_eq!(Raw::Hex { hex: "f".into() }.bytes(), None);
        assert_eq!(Raw::Hex { hex: "zz".into() }.bytes(), None);
        assert_eq!(Raw::Hex { hex: "+1".into() }.bytes(), None);
    }

    #[test]
    fn reads_what_the_documentation_shows() {
        let line = br#"{"event":"held","first":7,"held":[{"dtype":1,"shape":[3,4]},{}]}"#;
        let Event::Held { first: 7, held } = decode_event(line).unwrap() else { panic!() };
        let held: Vec<Held> = held.into_iter().map(HeldLine::held).collect();
        assert_eq!(held[0].shape, Some(Shape(vec![3, 4])));
        assert_eq!(held[0].dtype, Some(DType::FLOAT32));
        assert!(held[0].initialized && !held[1].initialized);
    }

    #[test]
    fn refuses_what_the_protocol_does_not_allow() {
        let rank = format!(
            r#"{{"event":"held","first":0,"held":[{{"shape":[{}]}}]}}"#,
            vec!["1"; MAX_RANK + 1].join(",")
        );
        let crowd = format!(
            r#"{{"event":"held","first":0,"held":[{}]}}"#,
            vec!["{}"; MAX_HELD_PER_EVENT + 1].join(",")
        );
        let text = format!(
            r#"{{"event":"failed","kind":"status","message":"{}"}}"#,
            "x".repeat(MAX_TEXT + 1)
        );
        for line in [
            "",
            "{}",
            "nonsense",
            r#"{"event":"unheard"}"#,
            r#"{"event":"ready","protocol":999,"tensorflow_version":"2"}"#,
            r#"{"event":"held","first":-1,"held":[]}"#,
            r#"{"event":"held","first":0,"held":[{"shape":[-1]}]}"#,
            &rank,
            &crowd,
            &text,
            &" ".repeat(MAX_EVENT_LINE + 1),
            &"[".repeat(100_000),
        ] {
            assert!(decode_event(line.as_bytes()).is_err(), "{}", cut(line, 80));
        }
    }

    #[test]
    fn cuts_between_characters() {
        assert_eq!(cut("aé", 2), "a");
        assert_eq!(cut("aé", 3), "aé");
    }
}
