//! The variables that Keras creates for a layer, from its class, its configuration and the shape of
//! its input.
//!
//! One table a family of layers: what a class creates stands in its entry, so that a new class is a
//! new entry. A layer that is not fully understood is not derived: its class is none of Keras' own, its
//! configuration lacks something, or has a key that no entry knows. Nothing is guessed.
//!
//! - `class`: what an entry of a table says;
//! - `config`: the keys of a configuration that decide about variables;
//! - `inputs`: the shapes that a layer was built with;
//! - `built`: configuration and inputs together; `dims`: the shapes that follow from them;
//! - `derive`: from an entry and a layer to its variables, `expected`;
//! - the others are the tables.
//!
//! Source: the `build` methods in tf_keras/src/layers (2.21) and keras/src/layers (3.3 to 3.15), and in
//! tensorflow/python/keras/layers (TensorFlow 2.2 to 2.4).

mod attention;
mod built;
mod class;
mod config;
mod convolution;
mod core;
mod derive;
mod dims;
mod einsum;
mod expected;
mod inputs;
mod local;
mod normalization;
mod recurrent;
#[cfg(test)]
mod tests;
mod weightless;

pub(super) use config::{Key, Values};
pub(super) use derive::{Described, Naming, derive};
pub(crate) use expected::{ExpectedVariable, Presence, UNNAMED};
pub(super) use inputs::Inputs;
