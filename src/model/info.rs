//! What a model is, as its files say.

use std::path::PathBuf;

use serde::Serialize;

use super::words::words;

/// What the model is, as its files say.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct ModelInfo {
    /// The model as the user named it.
    pub source: String,
    /// The folder that was read.
    pub path: PathBuf,
    /// SavedModel or TF1 Hub module.
    pub format: ModelFormat,
    /// The TensorFlow that wrote the chosen MetaGraph; `None` where the file does not say.
    pub tensorflow_version: Option<String>,
    /// True where the MetaGraph has an object graph (TF2).
    pub object_graph: bool,
    /// Present where the model was written by Keras.
    pub keras: Option<KerasInfo>,
    /// Every MetaGraph of the file.
    pub meta_graphs: Vec<MetaGraphInfo>,
}

words! {
    /// The two kinds of folder.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
    #[non_exhaustive]
    pub enum ModelFormat {
        /// A SavedModel.
        #[default]
        SavedModel => "saved_model",
        /// A TF1 Hub module (`tfhub_module.pb` beside the SavedModel).
        Tf1HubModule => "tf1_hub_module",
    }
}

/// What is known of the Keras that wrote the model.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct KerasInfo {
    /// Version in the metadata, where there is one.
    pub version: Option<String>,
    /// Where the metadata was found; `None` for Keras 3 exports, which have none.
    pub metadata: Option<KerasMetadataPlace>,
}

words! {
    /// The two places for Keras metadata.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    #[non_exhaustive]
    pub enum KerasMetadataPlace {
        /// `keras_metadata.pb` (TensorFlow 2.5 and later).
        File => "keras_metadata.pb",
        /// Inside the object graph (TensorFlow 2.4 and earlier).
        ObjectGraph => "object_graph",
    }
}

/// One MetaGraph of the file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MetaGraphInfo {
    /// Its tags, in file order; empty for TF1 Hub modules.
    pub tags: Vec<String>,
    /// True for the one that was counted.
    pub selected: bool,
}
