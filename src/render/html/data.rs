//! The data of the page: groups and variables as rows of plain values, so that ten thousand of
//! them stay small. `treemap.js` names the columns in this order.

use serde_json::{Value, json};

use crate::model::{Group, GroupKind, Report, Variable};
use crate::render::escape;
use crate::render::sentences::{model_name, values};
use crate::render::train_state::TrainState;

/// Largest integer that every reader of JSON takes as it is: 2^53 - 1. Larger ones go as text.
const MAX_SAFE: u64 = (1 << 53) - 1;
/// How TensorFlow's checkpoint keys of object graphs end.
const KEY_END: &str = "/.ATTRIBUTES/VARIABLE_VALUE";

/// The data as text for a `<script>` element.
pub fn script(report: &Report) -> String {
    let mut classes = Names::default();
    let mut dtypes = Names::default();
    let groups: Vec<Value> = (0..)
        .zip(&report.groups.nodes)
        .map(|(at, group)| {
            let name = if at == 0 { model_name(report) } else { &group.name };
            group_row(name, group, &mut classes)
        })
        .collect();
    let variables: Vec<Value> =
        report.variables.iter().map(|variable| variable_row(variable, &mut dtypes)).collect();
    let kinds = [GroupKind::Model, GroupKind::Layer, GroupKind::Module, GroupKind::Scope];
    let data = json!({
        "total": number(report.totals.all.parameters),
        "kinds": kinds.map(GroupKind::as_str),
        "classes": classes.0,
        "dtypes": dtypes.0,
        "groups": groups,
        "variables": variables,
    });
    escape::script_json(&data.to_string())
}

fn group_row(name: &str, group: &Group, classes: &mut Names) -> Value {
    let class = group.class.as_ref().map_or(-1, |class| classes.index(&escape::terminal(class)));
    let kind = match group.kind {
        GroupKind::Model => 0,
        GroupKind::Layer => 1,
        GroupKind::Module => 2,
        GroupKind::Scope => 3,
    };
    json!([
        escape::terminal(name),
        class,
        kind,
        group.counts.variables,
        number(group.counts.parameters),
        number(group.counts.bytes),
        state(TrainState::of_group(group)),
        u8::from(group.shared),
        group.own.iter().map(|id| id.0).collect::<Vec<_>>(),
        group.children.iter().map(|id| id.0).collect::<Vec<_>>(),
    ])
}

fn variable_row(variable: &Variable, dtypes: &mut Names) -> Value {
    let name = escape::terminal(&variable.name);
    let path = variable.paths.first().map(|path| escape::terminal(path).into_owned());
    let key = variable.checkpoint_key.as_deref().map(|key| escape::terminal(key).into_owned());
    // A key that follows from the path, and a path that follows from the name, is 1.
    let from_path = |key: &String| key.strip_suffix(KEY_END) == path.as_deref();
    let key = match key {
        None => json!(0),
        Some(key) if path.is_some() && from_path(&key) => json!(1),
        Some(key) => json!(key),
    };
    let path = match path {
        None => json!(0),
        Some(path) if name.strip_suffix(":0") == Some(path.as_str()) => json!(1),
        Some(path) => json!(path),
    };
    let mut row = json!([
        name,
        dtypes.index(&variable.dtype.name()),
        variable.shape.0.iter().map(|dim| number(*dim)).collect::<Vec<_>>(),
        number(variable.parameters),
        number(variable.bytes),
        state(TrainState::of_variable(variable)),
        u8::from(variable.shared),
        path,
        key,
    ]);
    if let (Some(stats), Some(cells)) = (&variable.stats, row.as_array_mut()) {
        cells.push(json!(values(stats, variable.parameters)));
    }
    row
}

fn number(number: u64) -> Value {
    if number <= MAX_SAFE { json!(number) } else { json!(number.to_string()) }
}

fn state(state: TrainState) -> u8 {
    match state {
        TrainState::Empty => 0,
        TrainState::Trainable => 1,
        TrainState::Partly => 2,
        TrainState::Fixed => 3,
        TrainState::Frozen => 4,
        TrainState::Unknown => 5,
        TrainState::Maybe => 6,
    }
}

/// Distinct texts, each with its number.
#[derive(Default)]
struct Names(Vec<String>, std::collections::HashMap<String, i64>);

impl Names {
    fn index(&mut self, name: &str) -> i64 {
        if let Some(index) = self.1.get(name) {
            return *index;
        }
        let index = self.0.len() as i64;
        self.0.push(name.to_owned());
        self.1.insert(name.to_owned(), index);
        index
    }
}
