//! What the worker sends to its parent, and the checks on it.

use serde::{Deserialize, Serialize};

use super::line::PROTOCOL;
use super::values;
use crate::limits::{MAX_EVENT_LINE_BYTES, MAX_EVENT_TEXT_BYTES, MAX_HELD_PER_EVENT, MAX_RANK};
use crate::model::{DType, Sandbox, Shape, Stats};

/// One line from the worker.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// The process serves as a worker. Sent before anything else.
    Hello,
    /// The library is bound, and the walls are up.
    Ready(Ready),
    /// A step has begun.
    Step {
        /// The step.
        step: Step,
    },
    /// What the session holds of some of the requested variables.
    Held {
        /// Position of the first of them in the request.
        first: u64,
        /// One for each.
        held: Vec<Held>,
    },
    /// Variable ops of the loaded graph that the request did not name.
    Undeclared {
        /// Their names.
        names: Vec<String>,
    },
    /// The request is answered.
    Done {
        /// Peak resident memory of the worker so far, in bytes; `None` where the system does not
        /// say.
        peak_bytes: Option<u64>,
    },
    /// The request has failed. The worker takes the next one, unless this one was the start.
    Failed {
        /// The kind of failure.
        kind: FailedKind,
        /// TensorFlow's status code, where it gave one.
        code: Option<u32>,
        /// The reason.
        message: String,
    },
}

/// What a worker is that can take requests.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ready {
    /// [`PROTOCOL`].
    pub protocol: u32,
    /// `TF_Version`.
    pub tensorflow_version: String,
    /// What the kernel keeps it from.
    #[serde(deserialize_with = "values::sandbox")]
    pub sandbox: Sandbox,
    /// Why the kernel does not keep it from more, for a person; empty where it does.
    pub sandbox_lacks: String,
}

/// The steps of a worker.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// The library is being mapped.
    Library,
    /// TensorFlow's loader is loading the model.
    Model,
    /// The session is asked for shapes.
    Shapes,
    /// Tensors are being restored.
    Weights,
}

/// How a request can fail without the end of the worker.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FailedKind {
    /// The library cannot be used.
    Library,
    /// TensorFlow refused.
    Status,
    /// The request cannot be served, or the system refused something.
    Request,
}

/// What the session holds of one variable. On the wire, a field without a value is left out.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Held {
    /// The type of the variable's value, confirmed by reading it as such; `None` without a value.
    #[serde(skip_serializing_if = "Option::is_none", with = "values::optional_dtype")]
    pub dtype: Option<DType>,
    /// The shape of that value; `None` without a value.
    #[serde(skip_serializing_if = "Option::is_none", with = "values::optional_shape")]
    pub shape: Option<Shape>,
    /// Why there is no value, where TensorFlow gave a reason.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// Statistics of the value, where the request wanted them and the type allows them.
    #[serde(skip_serializing_if = "Option::is_none", with = "values::optional_stats")]
    pub stats: Option<Stats>,
}

impl Held {
    /// A variable whose value cannot be read, and the reason.
    pub(crate) fn error(reason: impl Into<String>) -> Held {
        Held { error: Some(reason.into()), ..Held::default() }
    }

    /// True where the variable has a value.
    pub fn is_initialized(&self) -> bool {
        self.shape.is_some()
    }

    /// Takes the value that the session gave; a negative dimension is no value.
    pub(crate) fn set_value(&mut self, dtype: DType, dims: &[i64]) {
        self.dtype = Some(dtype);
        self.shape = dims.iter().map(|d| u64::try_from(*d).ok()).collect::<Option<_>>().map(Shape);
    }
}

/// Decodes one line of a worker. The model may have taken the worker over, so the line may be any
/// bytes; the error says what the protocol does not allow in it.
pub fn decode_event(line: &[u8]) -> Result<Event, String> {
    if line.len() > MAX_EVENT_LINE_BYTES {
        return Err(format!("a line of more than {MAX_EVENT_LINE_BYTES} bytes"));
    }
    let event: Event = serde_json::from_slice(line).map_err(|error| error.to_string())?;
    check(&event)?;
    Ok(event)
}

fn check(event: &Event) -> Result<(), String> {
    match event {
        Event::Ready(Ready { protocol, .. }) if *protocol != PROTOCOL => {
            Err(format!("protocol {protocol} instead of {PROTOCOL}"))
        }
        Event::Ready(Ready { tensorflow_version: text, .. })
        | Event::Ready(Ready { sandbox_lacks: text, .. })
        | Event::Failed { message: text, .. }
            if text.len() > MAX_EVENT_TEXT_BYTES =>
        {
            Err("a text that is too long".into())
        }
        Event::Held { held, .. } if held.len() > MAX_HELD_PER_EVENT => {
            Err("too many variables in one event".into())
        }
        Event::Held { held, .. } => {
            let rank = |held: &Held| held.shape.as_ref().map_or(0, |shape| shape.0.len());
            match held.iter().any(|held| rank(held) > MAX_RANK) {
                true => Err(format!("a tensor of more than {MAX_RANK} dimensions")),
                false => Ok(()),
            }
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_event_that_the_documentation_shows() {
        let line = br#"{"event":"held","first":7,"held":[{"dtype":1,"shape":[3,4]},{},
            {"dtype":1,"shape":[],"stats":{"finite":[0.5,0,0.5,0.5],"counts":[1,2,3]}}]}"#;
        let event = decode_event(line).unwrap();
        let again = decode_event(&serde_json::to_vec(&event).unwrap()).unwrap();
        assert_eq!(event, again);
        let Event::Held { first: 7, held } = event else { panic!() };
        assert_eq!(held[0].shape, Some(Shape(vec![3, 4])));
        assert_eq!(held[0].dtype, Some(DType::FLOAT32));
        assert!(held[0].is_initialized() && !held[1].is_initialized());
        let stats = held[2].stats.unwrap();
        assert_eq!((stats.mean, stats.zeros, stats.infinities), (Some(0.5), 1, 3));
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
            "x".repeat(MAX_EVENT_TEXT_BYTES + 1)
        );
        for line in [
            "",
            "{}",
            "no JSON",
            r#"{"event":"unknown"}"#,
            r#"{"event":"ready","protocol":999,"tensorflow_version":"2","sandbox":"none","sandbox_lacks":""}"#,
            r#"{"event":"held","first":-1,"held":[]}"#,
            r#"{"event":"held","first":0,"held":[{"shape":[-1]}]}"#,
            &rank,
            &crowd,
            &text,
            &" ".repeat(MAX_EVENT_LINE_BYTES + 1),
            &"[".repeat(100_000),
        ] {
            assert!(
                decode_event(line.as_bytes()).is_err(),
                "{}",
                super::super::line::cut(line, 80)
            );
        }
    }
}
