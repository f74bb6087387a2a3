//! Builds the reports of models without files.

use std::collections::BTreeSet;
use std::time::Duration;

use tfcensus::model::*;
use tfcensus::select::sums;

/// A group before it has a number: its name, class, variables and children.
#[derive(Clone, Debug, Default)]
pub struct Layer {
    pub name: String,
    pub class: Option<String>,
    pub variables: Vec<(String, Vec<u64>, Trainable)>,
    /// True where the files would not say that the layer was frozen.
    pub may_be_frozen: bool,
    pub children: Vec<Layer>,
    /// The name of an earlier group: this one holds the same variables and has no children.
    pub again: Option<String>,
}

/// A layer of this name and class.
pub fn layer(name: &str, class: &str) -> Layer {
    Layer {
        name: name.into(),
        class: (!class.is_empty()).then(|| class.into()),
        ..Layer::default()
    }
}

impl Layer {
    pub fn with(mut self, name: &str, shape: &[u64], trainable: Trainable) -> Layer {
        self.variables.push((name.into(), shape.to_vec(), trainable));
        self
    }

    pub fn weight(self, name: &str, shape: &[u64]) -> Layer {
        self.with(name, shape, Trainable::Yes)
    }

    pub fn may_be_frozen(mut self) -> Layer {
        self.may_be_frozen = true;
        self
    }

    pub fn child(mut self, child: Layer) -> Layer {
        self.children.push(child);
        self
    }

    pub fn again(mut self, name: &str) -> Layer {
        self.again = Some(name.into());
        self
    }
}

/// The report of a verified Keras model with this tree.
pub fn report(root: &Layer) -> Report {
    let mut variables = Vec::new();
    let mut nodes = Vec::new();
    let mut below: Vec<BTreeSet<usize>> = Vec::new();
    add(root, "", &mut nodes, &mut variables, &mut below);
    for (at, ids) in below.iter().enumerate() {
        let ids: Vec<usize> = ids.iter().copied().collect();
        let group: &mut Group = &mut nodes[at];
        for id in ids {
            let variable: &Variable = &variables[id];
            group.counts.add(variable.parameters, variable.bytes);
            match variable.trainable {
                Trainable::Yes => group.trainable += variable.parameters,
                Trainable::Frozen => group.frozen += variable.parameters,
                Trainable::Undetermined => group.undetermined += variable.parameters,
                Trainable::No => {}
            }
        }
    }
    for (group, ids) in nodes.iter_mut().zip(&below) {
        group.trainable_is = sums(ids.iter().map(|id| &variables[*id])).trainable_is;
    }
    let totals = sums(variables.iter());
    let witness = |name, status, detail: &str| {
        let mut witness = Witness::new(name, status, detail);
        witness.counts = Some(totals.all);
        witness
    };
    let mut report = Report::default();
    report.model = model();
    report.witnesses = vec![
        witness(WitnessName::Runtime, WitnessStatus::Agrees, "full load"),
        witness(WitnessName::Checkpoint, WitnessStatus::Agrees, "1 shard"),
        witness(WitnessName::Declaration, WitnessStatus::Agrees, "object graph"),
        Witness::new(WitnessName::Keras, WitnessStatus::Absent, "not asked"),
    ];
    report.runtime.mode = RuntimeMode::Load;
    report.runtime.tensorflow_version = Some("2.21.0".into());
    report.runtime.library = Some("/opt/lib/libtensorflow_cc.so.2".into());
    report.runtime.elapsed = Some(Duration::from_millis(2_345));
    report.runtime.peak_bytes = Some(812 << 20);
    report.verdict = Verdict::Verified;
    report.totals = totals;
    report.variables = variables;
    report.groups.nodes = nodes;
    report
}

fn model() -> ModelInfo {
    let mut keras = KerasInfo::default();
    keras.version = Some("2.15.0".into());
    keras.metadata = Some(KerasMetadataPlace::File);
    let mut model = ModelInfo::default();
    model.source = "models/sample".into();
    model.path = "models/sample".into();
    model.tensorflow_version = Some("2.15.1".into());
    model.object_graph = true;
    model.keras = Some(keras);
    model.meta_graphs = vec![MetaGraphInfo { tags: vec!["serve".into()], selected: true }];
    model
}

fn add(
    layer: &Layer,
    scope: &str,
    nodes: &mut Vec<Group>,
    variables: &mut Vec<Variable>,
    below: &mut Vec<BTreeSet<usize>>,
) -> GroupId {
    let id = GroupId(nodes.len());
    let kind =
        if id.0 == 0 || !layer.children.is_empty() { GroupKind::Model } else { GroupKind::Layer };
    let mut group = Group::new(&layer.name, kind);
    group.class = layer.class.clone();
    nodes.push(group);
    below.push(BTreeSet::new());
    let path =
        if scope.is_empty() { layer.name.clone() } else { format!("{scope}/{}", layer.name) };
    for (name, shape, trainable) in &layer.variables {
        let shape = Shape(shape.clone());
        let parameters = shape.elements().unwrap();
        nodes[id.0].own.push(VariableId(variables.len()));
        nodes[id.0].own_parameters += parameters;
        below[id.0].insert(variables.len());
        let mut variable = Variable::new(format!("{}/{name}:0", layer.name), DType::FLOAT32, shape);
        variable.checkpoint_key = Some(format!("{path}/{name}/.ATTRIBUTES/VARIABLE_VALUE"));
        variable.trainable = *trainable;
        if layer.may_be_frozen && *trainable == Trainable::Yes {
            variable.trainable_is = Certainty::AtMost;
        }
        variable.paths = vec![format!("{path}/{name}")];
        variable.groups = vec![id];
        variable.confirmed = true;
        variables.push(variable);
    }
    if let Some(first) = &layer.again {
        let first = nodes.iter().position(|group| group.name == *first).unwrap();
        below[id.0] = below[first].clone();
        nodes[id.0].own = nodes[first].own.clone();
        nodes[id.0].own_parameters = nodes[first].own_parameters;
        nodes[id.0].class = nodes[first].class.clone();
        nodes[id.0].shared = true;
        nodes[first].shared = true;
        for variable in &below[id.0] {
            variables[*variable].shared = true;
        }
    }
    for child in &layer.children {
        let child = add(child, &path, nodes, variables, below);
        nodes[id.0].children.push(child);
        let of_child = below[child.0].clone();
        below[id.0].extend(of_child);
    }
    id
}

/// The transfer model with statistics of its first two weights; the second has NaN and infinities.
pub fn with_values() -> Report {
    let mut report = transfer();
    let stats = Stats {
        mean: Some(0.0123456),
        std_dev: Some(0.1),
        min: Some(-0.25),
        max: Some(1.5e-7),
        zeros: 432,
        nans: 0,
        infinities: 0,
    };
    report.variables[0].stats = Some(stats);
    let none = Stats { mean: None, std_dev: None, min: None, max: None, ..stats };
    report.variables[1].stats = Some(Stats { zeros: 0, nans: 24, infinities: 8, ..none });
    report
}

/// Layer k of 1..=n has k parameters.
pub fn flat(n: u64) -> Report {
    let root = (1..=n).fold(layer("flat", "Sequential"), |root, k| {
        root.child(layer(&format!("layer_{k}"), "Dense").weight("kernel", &[k]))
    });
    report(&root)
}

/// A tree of this depth in which each group has `width` children, and each leaf one parameter.
pub fn nested(depth: usize, width: usize) -> Report {
    fn grow(depth: usize, width: usize, name: String) -> Layer {
        let here = layer(&name, "Block");
        if depth == 0 {
            return here.weight("w", &[]);
        }
        (0..width).fold(here, |here, i| here.child(grow(depth - 1, width, format!("{name}{i}"))))
    }
    report(&grow(depth, width, "b".into()))
}

/// A frozen base, a shared encoder, batch normalisation and a new head: every kind of mark.
pub fn transfer() -> Report {
    use Trainable::{Frozen, No, Undetermined, Yes};
    let base = layer("mobilenetv2_1.00_224", "Functional")
        .child(layer("input_1", "InputLayer"))
        .child(layer("Conv1", "Conv2D").with("kernel", &[3, 3, 3, 32], Frozen))
        .child(
            layer("bn_Conv1", "BatchNormalization")
                .with("gamma", &[32], Frozen)
                .with("beta", &[32], Frozen)
                .with("moving_mean", &[32], No)
                .with("moving_variance", &[32], No),
        );
    let encoder = layer("encoder", "Sequential")
        .child(layer("embedding", "Embedding").weight("embeddings", &[1000, 64]))
        .child(layer("norm", "BatchNormalization").with("gamma", &[64], Yes).with(
            "moving_mean",
            &[64],
            No,
        ));
    let root = layer("transfer", "Functional")
        .child(layer("image", "InputLayer"))
        .child(base)
        .child(encoder)
        .child(layer("encoder_again", "").again("encoder"))
        .child(layer("extra", "Custom").with("scale", &[7], Undetermined))
        .child(layer("head", "Dense").weight("kernel", &[1344, 10]).weight("bias", &[10]));
    let mut report = report(&root);
    report.not_counted = vec![
        NotCounted {
            role: Role::Optimizer,
            counts: Counts { variables: 9, parameters: 154_853, bytes: 619_412 },
            examples: vec!["Adam/m/head/kernel:0".into()],
        },
        NotCounted {
            role: Role::Counter,
            counts: Counts { variables: 1, parameters: 1, bytes: 8 },
            examples: vec!["save_counter:0".into()],
        },
    ];
    report.findings = vec![
        Finding::new(
            Code::Frozen,
            Severity::Note,
            "3 weights are frozen by their layer although their own flag says trainable",
        )
        .about("mobilenetv2_1.00_224"),
    ];
    report
}

/// Names that try to break every format.
pub const HOSTILE: &[&str] = &[
    "\x1b[2J\x1b[31mred",
    "right\u{202e}tfel\u{2066}",
    "line\nbreak\ttab\r",
    "層の名前がとても長いので短くしなければならない層の名前",
    "e\u{301}a\u{308}o\u{302} combining",
    "\u{301}starts with a mark",
    "zero\u{200b}width\u{feff}",
    "=HYPERLINK(\"http://x\",\"y\")",
    "+1,@sum -2",
    "</script><img src=x onerror=alert(1)>",
    "| pipe ` tick * star _ under [a](b) &amp; #1 @me",
    "a_name_so_long_that_no_terminal_can_show_all_of_it_block_17_expand_depthwise_project_conv2d",
    "::error::command%0A",
    "🙂🇩🇪 emoji",
    "",
];

/// A disagreement about a model in which every text is hostile.
pub fn hostile() -> Report {
    let root = HOSTILE.iter().enumerate().fold(layer(HOSTILE[0], HOSTILE[3]), |root, (i, name)| {
        root.child(layer(name, HOSTILE[(i + 1) % HOSTILE.len()]).weight(name, &[i as u64 + 1, 3]))
    });
    let mut report = report(&root);
    report.model.source = HOSTILE[1].into();
    report.model.tensorflow_version = Some(HOSTILE[0].into());
    report.model.meta_graphs[0].tags = HOSTILE.iter().map(|s| s.to_string()).collect();
    report.verdict = Verdict::Disagreement;
    report.witnesses[1].status = WitnessStatus::Contradicts;
    report.witnesses[1].detail = HOSTILE.join(" ");
    report.findings = (0..20)
        .map(|i| {
            let name = HOSTILE[i % HOSTILE.len()];
            Finding::new(
                Code::ShapeDiffers,
                Severity::Error,
                format!("the shape of {name} differs"),
            )
            .about(name)
            .values(name, "[3, 5]")
        })
        .collect();
    report
        .findings
        .push(Finding::new(Code::CheckpointExtra, Severity::Note, HOSTILE[0]).about(HOSTILE[2]));
    report
}

/// A plain module around a model of Keras 3 that `tf.saved_model.save` was given: what was frozen in the
/// model left no trace. 24 + 4 in the base, 8 + 2 in the head, 3 that the module holds: 41, of which at
/// most 37 are trainable, and at least the 3 of the module.
pub fn no_traces() -> Report {
    use Trainable::No;
    let base = layer("base", "").weight("kernel", &[6, 4]).with("moving_mean", &[4], No);
    let head = layer("head", "").weight("kernel", &[4, 2]).weight("bias", &[2]);
    let net = layer("net", "").child(base.may_be_frozen()).child(head.may_be_frozen());
    let scale = layer("scale", "").weight("scale", &[3]);
    let mut report = report(&layer("module", "").child(net).child(scale));
    let says = "3 variables (34 parameters) are trainable at most";
    report.findings = vec![Finding::new(Code::FrozenUnknown, Severity::Note, says)];
    report
}

/// A report without a session.
pub fn unverified() -> Report {
    let mut report = transfer();
    report.verdict = Verdict::Unverified;
    let mut failure = RuntimeFailure::default();
    failure.what = "no libtensorflow was found".into();
    failure.no_library = true;
    report.runtime = RuntimeInfo::default();
    report.runtime.mode = RuntimeMode::Load;
    report.runtime.failure = Some(failure);
    report.witnesses[0].status = WitnessStatus::Unavailable;
    report.witnesses[0].counts = None;
    report.witnesses[0].detail = "no libtensorflow was found".into();
    report
}

/// A frozen graph: nothing to count, and constants.
pub fn frozen_graph() -> Report {
    let mut report = report(&layer("", ""));
    report.model.keras = None;
    report.model.object_graph = false;
    report.constants = Constants { tensors: 12, parameters: 4_242_000, bytes: 16_968_000 };
    report.findings = vec![Finding::new(
        Code::FrozenConstants,
        Severity::Note,
        "the weights are constants of the graph",
    )];
    report
}

/// A leaf below this many levels of wrappers.
pub fn chain(levels: usize) -> Report {
    let leaf = layer("leaf", "Dense").weight("w", &[1]);
    report(
        &(0..levels)
            .rev()
            .fold(leaf, |child, i| layer(&format!("level_{i}"), "Block").child(child)),
    )
}

/// Many layers with names and paths as real encoders have them: 10 variables in each of `layers`.
pub fn encoder(layers: u64) -> Report {
    let kinds: [(&str, &str, &str, &[u64]); 10] = [
        ("self_attention", "query/kernel", "EinsumDense", &[768, 12, 64]),
        ("self_attention", "query/bias", "EinsumDense", &[12, 64]),
        ("self_attention", "key/kernel", "EinsumDense", &[768, 12, 64]),
        ("self_attention", "value/kernel", "EinsumDense", &[768, 12, 64]),
        ("self_attention", "attention_output/kernel", "EinsumDense", &[12, 64, 768]),
        ("intermediate", "kernel", "Dense", &[768, 3072]),
        ("intermediate", "bias", "Dense", &[3072]),
        ("output_dense", "kernel", "Dense", &[3072, 768]),
        ("output_layer_norm", "gamma", "LayerNormalization", &[768]),
        ("output_layer_norm", "beta", "LayerNormalization", &[768]),
    ];
    let mut root = layer("bert_encoder", "BertEncoder")
        .child(layer("word_embeddings", "OnDeviceEmbedding").weight("embeddings", &[30522, 768]))
        .child(layer("position_embedding", "PositionEmbedding").weight("embeddings", &[512, 768]));
    for i in 0..layers {
        let mut block = layer(&format!("transformer/layer_{i}"), "TransformerEncoderBlock");
        for (part, name, class, shape) in kinds {
            let part = format!("layer_{i}_{part}");
            let last = block.children.last().map(|child| child.name.clone());
            if last.as_deref() != Some(&part) {
                block = block.child(layer(&part, class));
            }
            let child = block.children.pop().unwrap();
            block = block.child(child.weight(name, shape));
        }
        root = root.child(block);
    }
    report(&root.child(layer("pooler_transform", "Dense").weight("kernel", &[768, 768])))
}
