//! The Keras metadata: names, classes and frozen state of layers and sub-models.

mod config;
mod json;
mod metadata;

#[cfg(any(test, feature = "testkit"))]
pub(crate) use config::parse as parse_config;
#[cfg(any(test, feature = "testkit"))]
pub(crate) use config::read_bytes as read_config_bytes;
pub(crate) use config::{KerasConfig, read as read_config};
pub(crate) use metadata::{
    KERAS_PREFIX, KerasMetadata, MetadataProblem, decode_file, read_file, read_object_graph,
};
