//! Which layer of a `.keras` configuration owns which weight.
//!
//! A Keras 3 variable is named by the layers that held it when it was built (`base/c1/kernel`): all
//! of its path in the model, or only the end of it, or more than it. A layer is matched by the
//! longest run of its path's end within the name; among layers that match equally well, the first in
//! the model's order that does not yet own a weight of this last name.

use foldhash::{HashMap, HashMapExt, HashSet, HashSetExt};

use super::Inventory;
use crate::evidence::keras::KerasConfig;
use crate::model::{Code, Finding, Severity};

/// Longest run of a path that is tried.
const MAX_RUN: usize = 16;

/// The layer of each item of the inventory that has one, and what each layer's state says of it.
pub(crate) fn match_config(
    inventory: &mut Inventory,
    config: &KerasConfig,
    findings: &mut Vec<Finding>,
) -> HashMap<usize, usize> {
    let runs = path_ends(config);
    let mut owner: HashMap<usize, usize> = HashMap::new();
    let mut owned: HashSet<(usize, String)> = HashSet::new();
    let mut strangers = Vec::new();
    for (at, item) in inventory.items.iter().enumerate().filter(|(_, i)| i.is_weight()) {
        let parts: Vec<&str> = item.name.split('/').collect();
        let Some((last, scope)) = parts.split_last() else { continue };
        match find(&runs, scope, last, &mut owned) {
            Some(layer) => {
                owner.insert(at, layer);
            }
            None => strangers.push(item.name.clone()),
        }
    }
    for (at, layer) in &owner {
        let item = &mut inventory.items[*at];
        let trainable = config.layers[*layer].trainable && item.flag != Some(false);
        match item.listed {
            None => item.listed = Some(trainable),
            Some(listed) if listed != trainable => findings.push(
                Finding::new(
                    Code::KerasConfigDiffers,
                    "the export's lists and the Keras configuration disagree on whether this is trainable",
                )
                .about(&item.name)
                .values(format!("trainable {listed}"), format!("trainable {trainable}")),
            ),
            Some(_) => {}
        }
    }
    if let Some(first) = strangers.first() {
        let all = owner.is_empty();
        let message = format!(
            "{} weights belong to no layer of the Keras configuration, the first of them this one",
            strangers.len()
        );
        let severity = if all { Severity::Error } else { Severity::Warning };
        findings
            .push(Finding::new(Code::KerasConfigDiffers, message).about(first).severity(severity));
    }
    owner
}

/// Every end of every layer's path, with the layers that have it; true for a whole path.
fn path_ends(config: &KerasConfig) -> HashMap<String, Vec<(usize, bool)>> {
    let mut ends: HashMap<String, Vec<(usize, bool)>> = HashMap::new();
    for (at, layer) in config.layers.iter().enumerate().skip(1).filter(|(_, l)| !l.is_model) {
        let mut end = layer.name.clone();
        let mut up = layer.parent;
        for _ in 0..MAX_RUN {
            // The model itself is no part of its layers' paths.
            let holder = up.filter(|p| *p != 0).map(|p| &config.layers[p]);
            ends.entry(end.clone()).or_default().push((at, holder.is_none()));
            let Some(holder) = holder else { break };
            end = format!("{}/{end}", holder.name);
            up = holder.parent;
        }
    }
    ends
}

fn find(
    ends: &HashMap<String, Vec<(usize, bool)>>,
    scope: &[&str],
    last: &str,
    owned: &mut HashSet<(usize, String)>,
) -> Option<usize> {
    let longest = scope.len().min(MAX_RUN);
    for run in (1..=longest).rev() {
        for start in 0..=scope.len() - run {
            let wanted = scope[start..start + run].join("/");
            let Some(layers) = ends.get(&wanted) else { continue };
            // Within one layer (an attention's query and key) last names repeat under sub-scopes.
            let leaf = format!("{}/{last}", scope[start + run..].join("/"));
            let whole_first = layers.iter().filter(|l| l.1).chain(layers.iter().filter(|l| !l.1));
            for (layer, _) in whole_first {
                if owned.insert((*layer, leaf.clone())) {
                    return Some(*layer);
                }
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::keras::parse_config;
    use crate::model::{DType, Role};
    use crate::reconcile::Item;
    use crate::saved_model::DeclaredShape;

    fn config() -> KerasConfig {
        parse_config(
            br#"{"class_name": "Functional", "config": {"name": "top", "layers": [
                {"class_name": "Functional", "config": {"name": "a", "trainable": false, "layers": [
                    {"class_name": "Dense", "config": {"name": "d"}}]}},
                {"class_name": "Sequential", "config": {"name": "b", "layers": [
                    {"class_name": "Dense", "config": {"name": "d"}}]}},
                {"class_name": "Dense", "config": {"name": "e"}},
                {"class_name": "MultiHeadAttention", "config": {"name": "mha"}}]}}"#,
        )
        .unwrap()
    }

    fn owners(names: &[&str]) -> (Vec<Option<String>>, Vec<Option<bool>>, usize) {
        let config = config();
        let mut inventory = Inventory::default();
        for name in names {
            let shape = DeclaredShape::Dims(vec![1]);
            let mut item =
                Item::declared(name.to_string(), Some(DType::FLOAT32), shape, Role::Weight);
            item.flag = Some(true);
            inventory.items.push(item);
        }
        let mut findings = Vec::new();
        let owner = match_config(&mut inventory, &config, &mut findings);
        let path = |at: usize| {
            let layer = &config.layers[*owner.get(&at)?];
            let parent = layer.parent.map(|p| config.layers[p].name.as_str()).unwrap_or_default();
            Some(format!("{parent}/{}", layer.name))
        };
        (
            (0..names.len()).map(path).collect(),
            inventory.items.iter().map(|i| i.listed).collect(),
            findings.len(),
        )
    }

    #[test]
    fn tells_same_names_apart_by_path_and_by_order() {
        let (owner, listed, findings) = owners(&[
            "d/kernel",
            "d/bias",
            "b/d/kernel",
            "d/kernel",
            "e/kernel",
            "mha/query/kernel",
            "mha/key/kernel",
        ]);
        let owner: Vec<&str> = owner.iter().map(|o| o.as_deref().unwrap_or("-")).collect();
        assert_eq!(owner, ["a/d", "a/d", "b/d", "-", "top/e", "top/mha", "top/mha"]);
        assert_eq!(listed[0], Some(false), "a is frozen");
        assert_eq!(listed[2], Some(true));
        assert_eq!(findings, 1, "the third d/kernel has no layer left");
    }

    #[test]
    fn a_name_may_begin_with_the_model() {
        let (owner, _, findings) = owners(&["top/e/kernel", "top/a/d/kernel"]);
        assert_eq!(owner, [Some("top/e".to_owned()), Some("a/d".to_owned())]);
        assert_eq!(findings, 0);
    }
}
