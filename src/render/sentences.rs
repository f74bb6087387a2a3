//! Sentences about a report that more than one format shows. Nothing here is escaped.

use crate::cost::Cost;
use crate::model::{
    Certainty, Counts, Finding, GroupKind, ModelFormat, Quantity, Report, Role, RuntimeMode,
    Severity, Stats, Verdict,
};
use crate::number::{bytes, human, share, thousands, value};

/// What a variable of this role is, for a person.
pub fn role(role: Role) -> &'static str {
    match role {
        Role::Weight => "counted",
        Role::Optimizer => "state of an optimizer",
        Role::Metric => "state of metrics",
        Role::State => "state that stateful layers carry from batch to batch",
        Role::Rng => "state of a random generator",
        Role::Counter => "step and save counters",
        Role::String => "strings and asset paths",
        Role::Table => "contents of lookup tables",
        Role::Duplicate => "second copies made by the export",
        Role::Unrestored => "handles that nothing restores",
    }
}

/// What the tree of this report is made of, as the head of its first column.
pub fn tree_head(report: &Report) -> &'static str {
    let kind = |wanted| report.groups.nodes.iter().skip(1).any(|group| group.kind == wanted);
    match () {
        () if kind(GroupKind::Layer) => "Layer (type)",
        () if kind(GroupKind::Module) => "Module (type)",
        () if kind(GroupKind::Scope) => "Scope",
        () => "Model (type)",
    }
}

/// The name of the root, or the last part of what the user named.
pub fn model_name(report: &Report) -> &str {
    let root = report.groups.nodes.first().map(|group| group.name.as_str());
    let source = report.model.source.trim_end_matches('/');
    let source = source.rsplit('/').next().filter(|name| !name.is_empty());
    match root.filter(|name| !name.is_empty()) {
        Some(name) => name,
        None => source.unwrap_or("model"),
    }
}

/// What the model is and what wrote it.
pub fn origin(report: &Report) -> String {
    let model = &report.model;
    let mut text = String::from(match (model.format, model.object_graph) {
        (ModelFormat::Tf1HubModule, _) => "TF1 Hub module",
        (ModelFormat::SavedModel, true) => "SavedModel",
        (ModelFormat::SavedModel, false) => "TF1 SavedModel",
    });
    if let Some(keras) = &model.keras {
        text += " of Keras";
        if let Some(version) = &keras.version {
            text = text + " " + version;
        }
    }
    match &model.tensorflow_version {
        Some(version) => text = text + ", written by TensorFlow " + version,
        None => text += ", TensorFlow version not recorded",
    }
    text
}

/// The tags of the MetaGraph that was counted, and how many others there are.
pub fn tags(report: &Report) -> Option<String> {
    let graphs = &report.model.meta_graphs;
    let selected = graphs.iter().find(|graph| graph.selected)?;
    let tags = if selected.tags.is_empty() { "none".to_owned() } else { selected.tags.join(", ") };
    Some(match graphs.len() {
        0 | 1 => format!("tags: {tags}"),
        n => format!("tags: {tags} (one of {n} MetaGraphs)"),
    })
}

/// Which session confirmed the count, or why none did.
pub fn session(report: &Report) -> String {
    let runtime = &report.runtime;
    let version = match &runtime.tensorflow_version {
        Some(version) => format!("TensorFlow {version}"),
        None => "TensorFlow".into(),
    };
    let how = match runtime.mode {
        RuntimeMode::Load => "full load",
        RuntimeMode::Variables => "variables alone",
        RuntimeMode::Off => return "No session (runtime off)".into(),
    };
    if let Some(failure) = &runtime.failure {
        return format!("No session could confirm it: {}", failure.what);
    }
    let mut text = match report.verdict {
        Verdict::Disagreement => format!("Compared with a {version} session ({how}"),
        _ => format!("Confirmed by a {version} session ({how}"),
    };
    if let Some(elapsed) = runtime.elapsed {
        text += &format!(", {:.1} s", elapsed.as_secs_f64());
    }
    text + ")"
}

/// The answer in one line: `61,706 parameters (61.7 K), 241 KiB, all trainable`.
pub fn answer(report: &Report) -> String {
    let totals = &report.totals;
    let all = totals.all.parameters;
    let mut text = plural(all, "parameter");
    if all >= 1000 {
        text += &format!(" ({})", human(all));
    }
    let constants = &report.constants;
    if totals.all.variables == 0 && constants.tensors > 0 {
        let frozen = thousands(constants.parameters);
        let tensors = plural(constants.tensors, "constant");
        return format!("{text} in variables; {frozen} frozen into {tensors}");
    }
    if all == 0 {
        return text;
    }
    text += &format!(", {}", bytes(totals.all.bytes));
    let (yes, unknown) = (totals.trainable.parameters, totals.undetermined.parameters);
    text + &match (yes, unknown) {
        _ if yes == all && totals.trainable_is == Certainty::Exact => ", all trainable".into(),
        _ if unknown == all => ", trainable or not: unknown".into(),
        (0, 0) => ", none trainable".into(),
        (_, 0) => format!(", {}", trainable(report)),
        _ => format!(", {}, {} undetermined", trainable(report), thousands(unknown)),
    }
}

/// `26 trainable`, or `at most 26 trainable`.
pub fn trainable(report: &Report) -> String {
    let totals = &report.totals;
    format!("{} trainable", totals.trainable_is.of(thousands(totals.trainable.parameters)))
}

/// A label for a total, which says where the total is only a bound: `Trainable, at most`.
pub fn total_label(report: &Report, quantity: Quantity, label: &str) -> String {
    match quantity.certainty(report) {
        Certainty::Exact => label.to_owned(),
        bound => format!("{label}, {}", bound.of("").trim_end()),
    }
}

/// What a cost takes for granted, where it does.
pub fn cost_note(cost: &Cost) -> Option<&'static str> {
    let note = "weights whose trainability is unknown are taken as trainable";
    cost.undetermined_as_trainable.then_some(note)
}

/// What statistics say, in one line: mean, deviation, range, zeros, and what is not a number.
pub fn values(stats: &Stats, parameters: u64) -> String {
    let mut parts = Vec::new();
    if let (Some(mean), Some(std_dev)) = (stats.mean, stats.std_dev) {
        parts.push(format!("{} ± {}", value(mean), value(std_dev)));
    }
    if let (Some(min), Some(max)) = (stats.min, stats.max) {
        parts.push(format!("from {} to {}", value(min), value(max)));
    }
    for (count, what) in [(stats.zeros, "zeros"), (stats.nans, "NaN"), (stats.infinities, "Inf")] {
        if count > 0 {
            parts.push(format!("{} {what}", share(count, parameters)));
        }
    }
    parts.join(", ")
}

/// A failed expectation in one line, with both values.
pub fn failed_expectation(finding: &Finding) -> String {
    let mut text = match &finding.subject {
        // The message begins with what it is about, where that is a total.
        Some(subject) if !finding.message.starts_with(subject.as_str()) => {
            format!("{subject}: {}", finding.message)
        }
        _ => finding.message.clone(),
    };
    if let (Some(expected), Some(found)) = (&finding.expected, &finding.found) {
        text += &format!(": expected {expected}, found {found}");
    }
    text
}

/// The verdict as one sentence.
pub fn verdict(report: &Report) -> &'static str {
    match report.verdict {
        Verdict::Verified => "the session saw every counted variable; nothing contradicts it",
        Verdict::Disagreement => "witnesses contradict each other; see the errors above",
        Verdict::Unverified if report.runtime.mode == RuntimeMode::Off => {
            "counted from the files alone, as asked; they do not contradict each other"
        }
        Verdict::Unverified => "counted from the files; no session could confirm it",
    }
}

/// `1 variable`, `2 variables`.
pub fn plural(count: u64, one: &str) -> String {
    match (count, one.strip_suffix('y')) {
        (1, _) => format!("1 {one}"),
        (_, Some(stem)) => format!("{} {stem}ies", thousands(count)),
        _ => format!("{} {one}s", thousands(count)),
    }
}

/// `262 variables, 3,538,984 parameters`.
pub fn counts(counts: &Counts) -> String {
    format!("{}, {}", plural(counts.variables, "variable"), plural(counts.parameters, "parameter"))
}

/// How many findings there are of each severity: `1 error, 2 notes`.
pub fn tally(report: &Report) -> String {
    let number = |severity| {
        report.findings.iter().filter(|finding| finding.severity == severity).count() as u64
    };
    [Severity::Error, Severity::Warning, Severity::Note]
        .into_iter()
        .filter(|severity| number(*severity) > 0)
        .map(|severity| plural(number(severity), severity.as_str()))
        .collect::<Vec<_>>()
        .join(", ")
}
