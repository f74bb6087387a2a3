//! Words for facts about single variables, and about Keras' descriptions of them.

use super::layers;
use super::sentence::{Words, may_tell};
use crate::evidence::keras::MetadataProblem;
use crate::model::DType;
use crate::reconcile::{KerasFact, NotFilled, VariableFact};

pub(super) fn of_variable(fact: &VariableFact) -> Words {
    match fact {
        VariableFact::ShapeImpossible { variable, declared } => {
            Words::new("a shape is declared that no tensor can have")
                .about(variable)
                .values("dimensions of -1 (unknown) or more, at most 254 of them", declared)
        }
        VariableFact::TooManyElements { variable, declared: Some(declared) } => {
            Words::new("its number of elements exceeds 64 bits")
                .about(variable)
                .values("fewer than 2^64 elements", declared)
        }
        VariableFact::TooManyElements { variable, declared: None } => {
            Words::new("its number of elements exceeds 64 bits; it is not in the totals")
                .about(variable)
        }
        VariableFact::ShapeDiffers { variable, declared, stored } => {
            Words::new("the model declares another shape than the checkpoint stores")
                .about(variable)
                .values(declared, stored)
        }
        VariableFact::InitShapeDiffers { variable, stored, assigned } => {
            Words::new("the init op gives this variable another shape than the checkpoint stores")
                .about(variable)
                .values(stored, assigned)
        }
        VariableFact::DTypeDiffers { variable, declared, stored } => {
            let declared = declared.map_or("none".into(), DType::name);
            Words::new("the model declares another dtype than the checkpoint stores")
                .about(variable)
                .values(declared, stored)
        }
        VariableFact::KeyMissing(key) => {
            Words::new("the model restores a key that the checkpoint lacks")
                .about(key)
                .values(key, "no such key")
        }
        VariableFact::NotStored { variable, key } => {
            let key = key.as_deref().unwrap_or("a key of its own");
            Words::new("a weight is declared that the checkpoint does not store")
                .about(variable)
                .values(key, "no such key")
        }
        VariableFact::NotFilled { variable, evidence } => {
            Words::new(not_filled(*evidence)).about(variable)
        }
        VariableFact::ShapeUnknown(variable) => {
            Words::new("no witness knows the shape of this weight; it is not in the totals")
                .about(variable)
        }
        VariableFact::NotTaken { first, tensors } => Words::new(match tensors {
            1 => "the checkpoint stores a tensor that no variable takes".to_owned(),
            n => format!(
                "the checkpoint stores {n} tensors that no variable takes, the first of them this one"
            ),
        })
        .about(first),
    }
}

fn not_filled(evidence: NotFilled) -> &'static str {
    match evidence {
        NotFilled::KeyIsRestored => "a restore names this key, and fills no variable from it",
        NotFilled::LikeTensorIsRestored => {
            "a tensor like this variable is read and fills no variable"
        }
        NotFilled::RestoreUnclear => "what fills this variable cannot be told",
        NotFilled::NameIsStored => {
            "a tensor of this name is stored, and no collection lists its variable"
        }
    }
}

pub(super) fn of_keras(fact: &KerasFact) -> Words {
    match fact {
        KerasFact::Metadata(problem) => of_metadata(problem),
        KerasFact::MetadataMissing(archive) => Words::new(format!(
            "the model has Keras layers, but no metadata names them: the tree shows the attributes that hold them{}",
            may_tell(archive)
        )),
        KerasFact::LayersUnnamed(archive) => Words::new(match archive {
            None => "Keras 3 writes no names and classes of layers into a SavedModel: --keras-config FILE takes them from the model's .keras archive".to_owned(),
            Some(_) => format!(
                "Keras 3 writes no names and classes of layers into a SavedModel{}",
                may_tell(archive)
            ),
        }),
        KerasFact::ConfigWithoutLayers { path, class } => Words::new(format!(
            "the Keras configuration of {class} nests no layers: the model's name and class are taken from it, and the tree is made without it"
        ))
        .about(path.display().to_string()),
        KerasFact::ConfigTrainableDiffers { variable, listed, configured } => Words::new(
            "the export's lists and the Keras configuration disagree on whether this is trainable",
        )
        .about(variable)
        .values(format!("trainable {listed}"), format!("trainable {configured}")),
        KerasFact::LayerDiffers(difference) => layers::of_layer(difference),
        KerasFact::MoreLayersDiffer(more) => layers::of_more(*more),
        KerasFact::ConfigLacksLayers { first, weights, .. } => Words::new(format!(
            "{weights} weights belong to no layer of the Keras configuration, the first of them this one"
        ))
        .about(first),
    }
}

fn of_metadata(problem: &MetadataProblem) -> Words {
    let entry = |object: &i64, what: String| Words::new(what).about(format!("object {object}"));
    match problem {
        MetadataProblem::Unreadable { path, reason } => {
            Words::new(format!("keras_metadata.pb cannot be read ({reason}); layers have no names"))
                .about(path.display().to_string())
        }
        MetadataProblem::Damaged { path, offset, reason } => Words::new(format!(
            "keras_metadata.pb is damaged at byte {offset} ({reason}); what follows is left out"
        ))
        .about(path.display().to_string()),
        MetadataProblem::UnknownObject(object) => entry(
            object,
            format!(
                "the Keras metadata names object {object}, which does not exist; entry left out"
            ),
        ),
        MetadataProblem::OtherKind { object, identifier } => entry(
            object,
            format!(
                "the Keras metadata takes object {object} for a {identifier}, which it is not; entry left out"
            ),
        ),
        MetadataProblem::Repeated(object) => entry(
            object,
            format!("the Keras metadata describes object {object} twice; the first entry is used"),
        ),
        MetadataProblem::BadJson(object) => entry(
            object,
            format!("the Keras metadata of object {object} is not readable JSON; entry left out"),
        ),
        MetadataProblem::UnknownKind(name) => Words::new(
            "a Keras object of a kind this program does not know; its weights are counted under it",
        )
        .about(name),
        MetadataProblem::More(left) => {
            Words::new(format!("{left} more entries of the Keras metadata are left out or odd"))
        }
    }
}
