//! The Keras metadata: names, classes and frozen state of layers and sub-models.

mod config;
mod json;
mod metadata;

#[cfg(test)]
pub(crate) use config::parse as parse_config;
pub(crate) use config::{read as read_config, KerasConfig};
pub(crate) use metadata::{decode_file, read_file, read_object_graph, KerasMetadata};
