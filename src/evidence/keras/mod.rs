//! The Keras metadata: names, classes and frozen state of layers and sub-models. A SavedModel of
//! Keras 2 holds it (`metadata`); for one of Keras 3 it is in the `.keras` archive (`config`).
#![cfg_attr(
    not(test),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_possible_wrap
    )
)]

mod config;
mod json;
mod metadata;

#[cfg(any(test, feature = "testkit"))]
pub(crate) use config::parse as parse_config;
#[cfg(any(test, feature = "testkit"))]
pub(crate) use config::read_bytes as read_config_bytes;
pub(crate) use config::{KerasConfig, read as read_config};
pub(crate) use metadata::{
    KerasMetadata, MetadataProblem, decode_file, read_file, read_object_graph,
};
