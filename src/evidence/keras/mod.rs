//! The Keras metadata: names, classes and frozen state of layers and sub-models. A SavedModel of
//! Keras 2 holds it (`metadata`); for one of Keras 3 it is in the `.keras` archive (`config`). `layers`
//! tells the variables of a layer from what either says of it.
mod config;
mod json;
mod layers;
mod metadata;

#[cfg(any(test, feature = "testkit"))]
pub(crate) use config::parse as parse_config;
#[cfg(any(test, feature = "testkit"))]
pub(crate) use config::read_bytes as read_config_bytes;
pub(crate) use config::{ConfigLayerId, KerasConfig, read as read_config};
pub(crate) use layers::{ExpectedVariable, Presence, UNNAMED};
pub(crate) use metadata::{
    KerasMetadata, MetadataProblem, decode_file, read_file, read_object_graph,
};
