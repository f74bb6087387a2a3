//! Ops that reach beyond the model: files, processes, other machines, other code.
//!
//! The list works by parts of names and not by whole names: TensorFlow adds versions (`ReadFile`,
//! `CSVDatasetV2`) and libraries of custom ops add families (`IO>…`), and an op that is taken for
//! unsafe without need costs only the full load; the count goes on without it.

/// Parts of the names of ops that reach beyond the model. Exceptions are in [`SAFE_OPS`].
const UNSAFE_NAME_PARTS: &[&str] = &[
    // Files, and datasets and summaries that are files.
    "File",
    "Reader",
    "Record",
    "TextLine",
    "Writer",
    "Summary",
    "Snapshot",
    "SaveV2",
    "SaveSlices",
    "SaveDataset",
    "LoadDataset",
    "ListDataset",
    "SqlDataset",
    "CacheDataset",
    "CSVDataset",
    "DumpTensor",
    "CalibrationStatisticsSaver",
    "FixedUnigramCandidateSampler",
    "Skipgram",
    "ImmutableConst",
    "Checkpoint",
    "Lmdb",
    "LMDB",
    // `LoadAndRemapMatrix` and `GenerateVocabRemapping` read files.
    "Remap",
    // Their descriptors may be those of a file.
    "DecodeProto",
    "EncodeProto",
    // Other machines and processes.
    "RegisterDataset",
    "DistributedSave",
    "DTensorRestore",
    "MergeV2Checkpoints",
    "Remote",
    "Collective",
    "ConfigureDistributed",
    "DataService",
    "_Send",
    "_Recv",
    "_HostSend",
    "_HostRecv",
    "Rpc",
    "Grpc",
    "Socket",
    "Http",
    "BigQuery",
    "Bigtable",
    "Kafka",
    "Pubsub",
    "IO>",
    // Other code.
    "PyFunc",
    "CustomCall",
    "TRT",
    // Output of the process, or of a debugger: the URL of `DebugIdentity` may be a file or a machine.
    "Print",
    "DebugIdentity",
    "DebugNumeric",
    "DebugNan",
    "Audit",
];
/// Ops with exactly these names reach beyond the model too; as parts they would match harmless ops.
const UNSAFE_OPS: &[&str] = &["Save", "Restore", "RestoreSlice", "ImportEvent", "Send", "Recv"];
/// Ops whose names hold one of [`UNSAFE_NAME_PARTS`], and that do nothing of the kind.
const SAFE_OPS: &[&str] = &["ShardedFilename", "CheckpointHasKey"];

/// True for an op that reads a vocabulary, which is safe where the file is an asset of the model.
pub(super) fn is_table_from_file(op: &str) -> bool {
    matches!(op, "InitializeTableFromTextFile" | "InitializeTableFromTextFileV2")
}

/// True for an op that reaches beyond the model, whatever its inputs.
pub(super) fn reaches_outside(op: &str) -> bool {
    !SAFE_OPS.contains(&op)
        && !is_table_from_file(op)
        && (UNSAFE_OPS.contains(&op) || UNSAFE_NAME_PARTS.iter().any(|part| op.contains(part)))
}
