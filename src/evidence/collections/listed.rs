//! The variables that TF1 collections list.

use foldhash::{HashMap, HashSet};

use crate::saved_model::{MetaGraph, VariableDef};
use crate::wire::Malformed;

/// The collections of variables that belong to the model. Any of them may be the only one that lists a
/// variable.
const MODEL_COLLECTIONS: &[&str] = &["variables", "trainable_variables", "model_variables"];
/// The collections of variables that a session initialises anew and no checkpoint holds.
const LOCAL_COLLECTIONS: &[&str] = &["local_variables", "metric_variables"];

/// The collections of one MetaGraph; variables are named by their ops.
#[derive(Default)]
pub(super) struct Listed<'a> {
    /// The variables of the model. Of two entries for one op the first counts.
    pub model: HashMap<&'a str, VariableDef<'a>>,
    /// Their names in the order of the collections.
    pub order: Vec<&'a str>,
    pub trainable: HashSet<&'a str>,
    pub local: HashSet<&'a str>,
}

impl<'a> Listed<'a> {
    pub fn read(meta: &MetaGraph<'a>) -> Result<Listed<'a>, Malformed> {
        let mut listed = Listed::default();
        for collection in MODEL_COLLECTIONS {
            for def in meta.variable_collection(collection)? {
                let node = def.node();
                listed.model.entry(node).or_insert_with(|| {
                    listed.order.push(node);
                    def
                });
            }
        }
        let trainable = meta.variable_collection("trainable_variables")?;
        listed.trainable.extend(trainable.iter().map(VariableDef::node));
        for collection in LOCAL_COLLECTIONS {
            let local = meta.variable_collection(collection)?;
            listed.local.extend(local.iter().map(VariableDef::node));
        }
        Ok(listed)
    }

    /// True where the model has no collection of its variables.
    pub fn is_empty(&self) -> bool {
        self.model.is_empty()
    }
}
