//! A difference as JSON of schema version 1.

use std::io::{self, Write};

use serde_json::{Value, json};

use crate::diff::{Diff, GroupState, Side, VariableState};
use crate::model::Trainable;
use crate::render::json::{SCHEMA_VERSION, write_lines};

/// Writes the difference as one object and a newline.
pub fn write(diff: &Diff, out: &mut dyn Write) -> io::Result<()> {
    write_lines(&document(diff), out)
}

fn document(diff: &Diff) -> Value {
    let totals: serde_json::Map<String, Value> = diff
        .totals
        .iter()
        .map(|total| {
            let values = json!({ "before": total.before, "after": total.after });
            (total.quantity.as_str().to_owned(), values)
        })
        .collect();
    let group = |state: &Option<GroupState>| {
        state.as_ref().map(|state| {
            json!({
                "class": state.class,
                "variables": state.counts.variables,
                "parameters": state.counts.parameters,
                "bytes": state.counts.bytes,
                "trainable": state.trainable,
                "trainable_is": state.trainable_is,
            })
        })
    };
    let variable = |state: &Option<VariableState>| {
        state.as_ref().map(|state| {
            json!({
                "name": state.name,
                "path": state.path,
                "dtype": state.dtype.name(),
                "shape": state.shape.0,
                "parameters": state.parameters,
                "trainable": match state.trainable {
                    Trainable::Yes => Some(true),
                    Trainable::No | Trainable::Frozen => Some(false),
                    Trainable::Undetermined => None,
                },
                "trainable_is": state.trainable_is,
                "frozen": state.trainable == Trainable::Frozen,
            })
        })
    };
    json!({
        "schema_version": SCHEMA_VERSION,
        "tfcensus_version": env!("CARGO_PKG_VERSION"),
        "different": !diff.is_empty(),
        "before": side(&diff.before),
        "after": side(&diff.after),
        "totals": totals,
        "groups": diff.groups.iter().map(|change| json!({
            "path": change.path,
            "before": group(&change.before),
            "after": group(&change.after),
        })).collect::<Vec<_>>(),
        "variables": diff.variables.iter().map(|change| json!({
            "changes": change.kinds.iter().map(|kind| kind.as_str()).collect::<Vec<_>>(),
            "before": variable(&change.before),
            "after": variable(&change.after),
        })).collect::<Vec<_>>(),
        "unchanged": diff.unchanged,
    })
}

fn side(side: &Side) -> Value {
    json!({
        "source": side.source,
        "verdict": side.verdict,
        "trainable_is": side.trainable_is,
    })
}
