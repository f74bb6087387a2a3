//! What a file or folder that is no SavedModel is instead, and what its owner can do about it.
//!
//! Words only; telling the kinds apart from bytes is done by `sniff` and `diagnose`.

/// A file or folder of another kind than a SavedModel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Hdf5,
    KerasArchive,
    KerasFolder,
    TfLite,
    TfJs,
    Onnx,
    TorchZip,
    TorchPickle,
    SafeTensors,
    Gguf,
    NumpyZip,
    Html,
    LfsPointer,
    FrozenGraph,
    NamelessSavedModel,
    SavedModelOfElsewhere,
    ChunkedSavedModel,
    Checkpoint,
    Json,
    Empty,
    ZipOfOther,
    OtherCompression(&'static str),
    Unknown,
}

impl Kind {
    /// What it is, as the end of "this is not a SavedModel: …".
    pub fn what(self) -> String {
        match self {
            Kind::Hdf5 => "an HDF5 file, as Keras writes for `.h5` and `.weights.h5`",
            Kind::KerasArchive => "a `.keras` archive (Keras 3)",
            Kind::KerasFolder => "an unzipped `.keras` archive (Keras 3)",
            Kind::TfLite => "a TensorFlow Lite model",
            Kind::TfJs => "a TensorFlow.js model",
            Kind::Onnx => "an ONNX model",
            Kind::TorchZip => "a PyTorch file (zip with a pickle)",
            Kind::TorchPickle => "a Python pickle, as older PyTorch versions write",
            Kind::SafeTensors => "a safetensors file",
            Kind::Gguf => "a GGUF file",
            Kind::NumpyZip => "a NumPy `.npz` archive",
            Kind::Html => "an HTML page, so the download did not give the model",
            Kind::LfsPointer => "a Git LFS pointer: the file itself was never fetched",
            Kind::FrozenGraph => "a bare GraphDef (a TF1 frozen graph or a graph without weights)",
            Kind::NamelessSavedModel => "the inside of one, under a name that TensorFlow ignores",
            Kind::SavedModelOfElsewhere => {
                "the variables of one; `saved_model.pb` is not in the folder above"
            }
            Kind::ChunkedSavedModel => "`saved_model.cpb`, the chunked form, is not supported",
            Kind::Checkpoint => "a checkpoint: it holds values, but no graph to put them in",
            Kind::Json => "a JSON file",
            Kind::Empty => "the file is empty",
            Kind::ZipOfOther => "a zip archive without `saved_model.pb` in it",
            Kind::OtherCompression(name) => return format!("{name} data"),
            Kind::Unknown => "a file of a kind this program does not know",
        }
        .into()
    }

    /// What can be done about it.
    pub fn advice(self) -> &'static str {
        match self {
            Kind::Hdf5 | Kind::KerasArchive | Kind::KerasFolder => {
                "export it first, in Python: keras.models.load_model(FILE).export('FOLDER'), \
                 then: tfcensus count FOLDER"
            }
            Kind::TfLite => {
                "count the SavedModel that it was converted from: a .tflite file cannot be turned \
                 back, and its numbers may be quantised or folded"
            }
            Kind::TfJs => {
                "convert it back with tensorflowjs_converter --output_format=tf_saved_model (or \
                 keras_saved_model), or count the SavedModel that it came from"
            }
            Kind::Onnx => "convert it with onnx2tf or onnx-tf, or count it with an ONNX tool",
            Kind::TorchZip | Kind::TorchPickle => {
                "count it in PyTorch: sum(p.numel() for p in model.parameters())"
            }
            Kind::SafeTensors | Kind::Gguf | Kind::NumpyZip => {
                "this holds tensors without a TensorFlow graph; export the model as a SavedModel \
                 with tf.saved_model.save or model.export"
            }
            Kind::Html => {
                "look at the page in a browser: it often asks for a login or a licence; then \
                 download the model again"
            }
            Kind::LfsPointer => "run: git lfs pull",
            Kind::FrozenGraph => {
                "its weights are constants, so there are no variables; export a SavedModel from \
                 the original model, or wrap the graph with tf.compat.v1.saved_model"
            }
            Kind::NamelessSavedModel => {
                "put it into a folder of its own as `saved_model.pb`, with `variables/` beside it, \
                 and give that folder"
            }
            Kind::SavedModelOfElsewhere => {
                "give the folder that holds both `saved_model.pb` and `variables/`; if there is \
                 none, export or download the model again"
            }
            Kind::ChunkedSavedModel => {
                "export the model again without experimental_image_format, which gives \
                 `saved_model.pb`"
            }
            Kind::Checkpoint => {
                "restore it in the program that made it and export a SavedModel with \
                 tf.saved_model.save or model.export"
            }
            Kind::Empty => "copy or download it again",
            Kind::OtherCompression(_) => "unpack it and give the folder",
            Kind::Json | Kind::ZipOfOther | Kind::Unknown => {
                "give a folder with `saved_model.pb` in it, a .tar.gz, .tar or .zip of one, or a \
                 TensorFlow Hub handle"
            }
        }
    }
}
