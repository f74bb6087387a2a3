//! Every limit on what is read from a model, a network or a worker process: one list, one reason
//! each.
//!
//! A limit bounds memory, time or recursion where bytes that nothing vouches for decide how much is
//! wanted. It is far above what real models need; a model that exceeds one is refused or cut with a
//! message, never in silence. Limits on what is shown to a person stand where it is shown.

use std::time::Duration;

/// Most dimensions of a tensor.
/// Source: `TensorShape::MaxDimensions`, tensorflow/core/framework/tensor_shape.h (TensorFlow 2.21).
pub(crate) const MAX_RANK: usize = 254;

// SavedModel and wire formats.

/// Most nested groups (an obsolete construct of protocol buffers) that are skipped before a message
/// is refused: as many as the parser that TensorFlow uses allows messages.
pub(crate) const MAX_GROUP_DEPTH: usize = 100;

/// Longest `saved_model.pbtxt`, in bytes; it is held in memory. The binary form of a message cannot
/// be longer than 2 GiB either.
pub(crate) const MAX_PBTXT_BYTES: u64 = i32::MAX as u64;

/// Most nested messages in a `saved_model.pbtxt`: the limit of the binary parser that TensorFlow uses.
pub(crate) const MAX_PBTXT_DEPTH: usize = 100;

/// Most messages within a message of a SavedModel: the limit of the parser that TensorFlow uses.
pub(crate) const MAX_MESSAGE_DEPTH: usize = 100;

/// Most MetaGraphs of one SavedModel; real ones have one for each set of tags.
pub(crate) const MAX_META_GRAPHS: usize = 10_000;

/// Most collections and signatures of a MetaGraph together, and most of its tags.
pub(crate) const MAX_META_GRAPH_ENTRIES: usize = 1_000_000;

/// Most nested composite tensors in a signature that are followed.
pub(crate) const MAX_COMPOSITE_TENSOR_DEPTH: usize = 16;

/// Most nodes of a graph. A node of two bytes takes fifty times as much memory.
pub(crate) const MAX_GRAPH_NODES: usize = 10_000_000;

/// Most attributes within attributes. The limit of protobuf, 100 nested messages, is reached sooner.
pub(crate) const MAX_ATTR_DEPTH: usize = 64;

/// Most objects of an object graph. An object of two bytes takes fifty times as much memory.
pub(crate) const MAX_OBJECTS: u32 = 10_000_000;

// Checkpoints.

/// Largest object graph of a checkpoint that is read, in bytes.
pub(crate) const MAX_CHECKPOINT_GRAPH_BYTES: u64 = 1 << 30;

/// Largest `variables.index`, in bytes. A million entries take about 60 MB.
pub(crate) const MAX_INDEX_BYTES: u64 = 256 << 20;

/// Most entries of an index.
pub(crate) const MAX_INDEX_ENTRIES: usize = 4 << 20;

/// Most bytes of all keys of an index, as a multiple of the file's. A key is stored without the bytes
/// that it shares with the previous one, so a crafted file can hold keys of many times its size.
pub(crate) const MAX_INDEX_KEY_GROWTH: usize = 64;

/// Most bytes of all blocks of an index together, decompressed.
pub(crate) const MAX_TABLE_BYTES: u64 = 1 << 30;

/// Most nodes of a checkpoint's object graph, and most children, attributes and slots.
pub(crate) const MAX_CHECKPOINT_GRAPH_ITEMS: usize = 16 << 20;

/// Most problems of a checkpoint that are kept; an index can have one for each of its entries.
pub(crate) const MAX_CHECKPOINT_PROBLEMS: usize = 1000;

/// Most bytes of all tensors together, as a multiple of their shards', that checksums are compared
/// for. Tensors that do not overlap take at most the shards' own size.
pub(crate) const MAX_CHECKSUM_OVERLAP: u64 = 4;

/// Most threads that compare checksums; with more, the disk is the bottleneck.
pub(crate) const MAX_CHECKSUM_THREADS: usize = 64;

// Keras metadata.

/// Largest `keras_metadata.pb`, in bytes.
pub(crate) const MAX_KERAS_METADATA_BYTES: u64 = 1 << 30;

/// Most entries of a `keras_metadata.pb`; a model has one for each Keras object.
pub(crate) const MAX_KERAS_METADATA_ENTRIES: usize = 1_000_000;

/// Largest `config.json` of a `.keras` archive, in bytes.
pub(crate) const MAX_KERAS_CONFIG_BYTES: u64 = 64 << 20;

/// Most objects in a `config.json`. A layer of three bytes (`{},`) would take forty times as much
/// memory; the configuration of a real layer has some ten objects.
pub(crate) const MAX_KERAS_CONFIG_OBJECTS: usize = 4_000_000;

/// Most layers of a `config.json`.
pub(crate) const MAX_KERAS_CONFIG_LAYERS: usize = 1_000_000;

// Graph.

/// Most bytes of a constant that a session over the variables is given: it travels in one line of the
/// worker's protocol.
pub(crate) const MAX_CONSTANT_BYTES: u64 = 1 << 20;

/// Longest chain of pass-through ops (`Identity` and the like) that is followed between a restore and
/// its assignment.
pub(crate) const MAX_RESTORE_CHAIN: usize = 64;

/// Most calls of functions that are scanned for unsafe ops. A function is scanned once for each
/// different set of arguments that are paths of the model's own files. What lies beyond is a hazard.
pub(crate) const MAX_SCANNED_CALLS: usize = 100_000;

/// Most steps that are taken to tell what each signature reaches. Signatures that would take more are
/// taken for one.
pub(crate) const MAX_SIGNATURE_STEPS: usize = 2_000_000;

/// Longest chain of reads that is followed from the input of an op to its variable.
pub(crate) const MAX_READ_CHAIN: usize = 8;

// Tree and paths.

/// Deepest level of the tree; groups below it belong to the group above. JSON readers commonly stop
/// at 128 levels, and a group takes two.
pub(crate) const MAX_TREE_DEPTH: usize = 60;

/// Most nested lists and dicts between a module and its entries.
pub(crate) const MAX_NESTED_WRAPPERS: usize = 16;

/// Most paths that are given for one variable.
pub(crate) const MAX_PATHS_PER_VARIABLE: usize = 8;

/// Longest path to a variable, in edges.
pub(crate) const MAX_PATH_EDGES: usize = 64;

// Archives, folders, downloads and caches.

/// Longest name of an archive's entry, in bytes.
pub(crate) const MAX_ENTRY_NAME_BYTES: usize = 4096;

/// Most folders above a file of an archive.
pub(crate) const MAX_ENTRY_DEPTH: usize = 64;

/// Longest pax header of a tar archive that is read, in bytes. The `tar` crate would read any.
pub(crate) const MAX_PAX_BYTES: u64 = 64 * 1024;

/// Most headers that may describe one entry of a tar archive (long name, long link, pax, global pax).
pub(crate) const MAX_TAR_EXTENSIONS: usize = 16;

/// Most entries of a zip archive that is opened at all: the `zip` crate keeps all of them in memory.
pub(crate) const MAX_ZIP_ENTRIES: u64 = 1_000_000;

/// Most names in one folder of a download cache that are listed.
pub(crate) const MAX_CACHE_NAMES: usize = 100_000;

/// Deepest folder that counts towards the size of a cached model.
pub(crate) const MAX_CACHE_DEPTH: usize = 32;

/// Longest `refs/` file of the Hugging Face cache that is read, in bytes; a revision has 40 characters.
pub(crate) const MAX_REF_BYTES: u64 = 1024;

/// Longest descriptor of the `tensorflow_hub` cache that is read, in bytes.
pub(crate) const MAX_DESCRIPTOR_BYTES: u64 = 16 * 1024;

/// Most names of a folder that are read to tell what it is.
pub(crate) const MAX_LISTED_NAMES: usize = 10_000;

/// Most times that a server may point to the storage instead of answering.
#[cfg(feature = "hub")]
pub(crate) const MAX_STORAGE_POINTERS: usize = 2;

/// Most redirects that one request follows.
#[cfg(feature = "hub")]
pub(crate) const MAX_REDIRECTS: usize = 10;

/// Longest answer of a server that is read as text, in bytes.
#[cfg(feature = "hub")]
pub(crate) const MAX_ANSWER_BYTES: u64 = 8 << 20;

/// Longest `Retry-After` of a server that is obeyed.
#[cfg(feature = "hub")]
pub(crate) const MAX_RETRY_AFTER: Duration = Duration::from_secs(60);

/// Most bytes of one download.
#[cfg(feature = "hub")]
pub(crate) const MAX_DOWNLOAD_BYTES: u64 = 1 << 40;

/// Most downloads of one file that may arrive whole but with a wrong checksum.
#[cfg(feature = "hub")]
pub(crate) const MAX_WRONG_DOWNLOADS: u32 = 2;

/// Longest state file of an unfinished download that is read, in bytes.
#[cfg(feature = "hub")]
pub(crate) const MAX_DOWNLOAD_STATE_BYTES: u64 = 64 * 1024;

/// Most files of a folder in Google's storage.
#[cfg(feature = "hub")]
pub(crate) const MAX_STORAGE_FILES: usize = 10_000;

/// Most pages of a listing of Google's storage.
#[cfg(feature = "hub")]
pub(crate) const MAX_STORAGE_PAGES: usize = 100;

/// Longest `tfhub_module.pb` that is read, in bytes; the usual one has two.
pub(crate) const MAX_MODULE_DEF_BYTES: u64 = 64 * 1024;

/// Most entries of a model's folder that are looked at for dangling links and for
/// what is no file.
pub(crate) const MAX_FOLDER_NAMES: usize = 100_000;

/// Most sub-folders that are tried when a folder is not a model itself.
pub(crate) const MAX_SUBFOLDERS: usize = 10_000;

/// Most levels that are gone down, each through its only model (`export/Servo/1`).
pub(crate) const MAX_FOLDER_LEVELS: usize = 3;

/// Longest lock file of a cache that is read, in bytes.
#[cfg(feature = "hub")]
pub(crate) const MAX_LOCK_BYTES: u64 = 4096;

/// Longest credentials file that is read, in bytes.
pub(crate) const MAX_CREDENTIALS_BYTES: u64 = 64 * 1024;

/// Most top-level protobuf fields that are looked at to tell what a file is.
pub(crate) const MAX_SNIFFED_FIELDS: usize = 4096;

/// Most names of the temporary folder that are looked at for abandoned folders.
pub(crate) const MAX_SWEPT_NAMES: usize = 20_000;

/// Most bytes of an archive's large shards that are filled in where the rest of them is not unpacked.
pub(crate) const MAX_FILLED_BYTES: u64 = 1 << 30;

// Earlier reports.

/// Largest JSON report that is read as a baseline, in bytes: ten million variables fit.
pub(crate) const MAX_BASELINE_BYTES: u64 = 1 << 30;

// The worker process and its protocol.

/// Longest line of events that is read, in bytes. The worker fills lines to about half of it.
pub(crate) const MAX_EVENT_LINE_BYTES: usize = 1 << 20;
/// Longest text in an event, in bytes.
pub(crate) const MAX_EVENT_TEXT_BYTES: usize = 16 << 10;
/// Most variables in one event.
pub(crate) const MAX_HELD_PER_EVENT: usize = 256;
/// Longest error of one variable, in bytes: TensorFlow's message, which may quote the model.
pub(crate) const MAX_HELD_ERROR_BYTES: usize = 512;
/// Most events of an answer beyond one for each requested variable. An answer has some ten steps
/// and, for a million undeclared variables, some hundred lines of names.
pub(crate) const MAX_EXTRA_EVENTS: u64 = 10_000;
/// Most names of undeclared variables that are kept, in bytes.
pub(crate) const MAX_UNDECLARED_BYTES: usize = 64 << 20;
/// Longest line of the worker's stderr that is kept whole, in bytes. A longer one is taken for
/// several lines.
pub(crate) const MAX_STDERR_LINE_BYTES: usize = 2_000;
/// Most lines of the worker's stderr that are kept: the newest ones.
pub(crate) const MAX_STDERR_LINES: usize = 200;

/// How long a worker may take to say that it is one, which it does first of all. A program that
/// forgets to serve, and waits for its user instead, is told by that; a machine that is overloaded
/// must not be taken for one.
pub(crate) const WORKER_GREETING_PATIENCE: Duration = Duration::from_secs(20);
/// Longest message of a failure, in bytes: TensorFlow's words, which may quote the model.
pub(crate) const MAX_FAILURE_MESSAGE_BYTES: usize = 2_000;
/// Most runs that a load spends on finding the variables that make one big run fail.
pub(crate) const MAX_SHAPE_RUNS: usize = 200;
/// Most failed runs that a restore spends on finding the tensors that make their batch fail.
pub(crate) const MAX_FAILED_RESTORES: usize = 1_000;

// The search for a library.

/// Largest cache of the dynamic loader that is read, in bytes. Usual ones have tens of thousands.
pub(crate) const MAX_LOADER_CACHE_BYTES: u64 = 16 << 20;
/// Longest answer of Python that is read, in bytes: a list of folders.
pub(crate) const MAX_PYTHON_ANSWER_BYTES: u64 = 64 << 10;
/// Most entries of a folder that are looked at in the search for a library.
pub(crate) const MAX_SEARCHED_ENTRIES: usize = 20_000;
