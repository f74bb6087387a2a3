//! The entry points of the fuzz targets: for each reader of bytes a function that accepts any bytes,
//! must not panic, and asserts what holds of every result.
//!
//! To add a reader: a function here, an entry in `tests/fuzz/Cargo.toml`, a file in
//! `tests/fuzz/targets/` that calls the function, and its seeds in `tests/fuzz/seeds/main.rs`.
//! `scripts/fuzz` lists the targets by itself.

use std::io;
use std::path::Path;

use super::checkpoint_table::{self as writer, Row, TableWriter};
use super::protobuf::{bytes as field, text};
use super::saved_model::{ObjectGraphBytes, object};
use crate::census;
use crate::evidence::checkpoint::{Index, IndexError, ObjectGraph, check, parse_index, table};
use crate::evidence::keras;
use crate::evidence::runtime::protocol;
use crate::evidence::sidecars::SidecarFiles;
use crate::model::{Counts, Report, Verdict};
use crate::options::Options;
use crate::render::{self, Format, View};
use crate::select::{Filter, Sort, select};
use crate::source;
use crate::wire;

/// A whole `variables.index`. Checksums stop most inputs early, so two more targets write intact
/// checksums: [`index_block`] and [`index_entries`].
pub fn index_file(bytes: &[u8]) {
    let _ = read(bytes);
}

/// The contents of one block, with intact checksums. The first byte holds flags: bit 0 marks the
/// block as compressed, bit 1 adds an array of restarts.
pub fn index_block(bytes: &[u8]) {
    let Some((flags, contents)) = bytes.split_first() else { return };
    let mut contents = contents.to_vec();
    if flags & 2 != 0 {
        contents.extend([0, 0, 0, 0, 1, 0, 0, 0]);
    }
    let _ = read(&writer::table_of_block(&contents, flags & 1 != 0));
}

/// Entries of an index: the lengths of key and value, a byte each, then the key and the value.
pub fn index_entries(bytes: &[u8]) {
    let rows = rows_of(bytes);
    // A key that begins with 0 is that of a slice, the empty one that of the header.
    let tensors = rows.iter().filter(|row| row.0.first().is_some_and(|first| *first != 0)).count();
    let writer = TableWriter { block_size: 64, restart_interval: 3, snappy: false };
    if let Ok(index) = read(&writer.write(&rows)) {
        assert_eq!(index.len(), tensors);
    }
}

/// The rows of an index, sorted, with a header among them.
fn rows_of(mut bytes: &[u8]) -> Vec<Row> {
    let mut rows = vec![(vec![], vec![0x08, 0x01])];
    while let [key_len, value_len, rest @ ..] = bytes {
        let (key, rest) = rest.split_at(rest.len().min(usize::from(*key_len)));
        let (value, rest) = rest.split_at(rest.len().min(usize::from(*value_len)));
        rows.push((key.to_vec(), value.to_vec()));
        bytes = rest;
    }
    rows.sort();
    rows.dedup_by(|b, a| b.0 == a.0);
    rows
}

fn read(bytes: &[u8]) -> Result<Index, IndexError> {
    let index = parse_index(bytes)?;
    check(&index, Path::new("/nonexistent"), "variables");
    let keys: Vec<&[u8]> = index.entries().map(|(key, _)| key).collect();
    assert!(keys.windows(2).all(|pair| pair[0] < pair[1]));
    for (key, entry) in index.entries() {
        assert_eq!(index.get(key), Some(entry));
    }
    Ok(index)
}

/// Seeds for [`index_block`] and [`index_entries`] from an intact index.
pub fn index_seeds(file: &[u8]) -> (Vec<u8>, Vec<u8>) {
    let mut rows = Vec::new();
    let _ = table::for_each_entry(file, |key, value, _| {
        rows.push((key.to_vec(), value.to_vec()));
        Ok(())
    });
    let mut block = vec![0];
    block.extend(writer::write_block(&rows, 16));
    let mut entries = Vec::new();
    for (key, value) in rows.iter().filter(|(k, v)| !k.is_empty() && k.len().max(v.len()) < 256) {
        entries.extend([key.len() as u8, value.len() as u8]);
        entries.extend_from_slice(key);
        entries.extend_from_slice(value);
    }
    (block, entries)
}

/// The checkpoint's own object graph.
pub fn checkpoint_object_graph(bytes: &[u8]) {
    let Ok(graph) = ObjectGraph::parse(bytes) else { return };
    for node in graph.nodes() {
        for child in node.children {
            let _ = graph.node(child.node);
        }
    }
}

/// A `saved_model.pbtxt`.
pub fn pbtxt(bytes: &[u8]) {
    if let Ok(binary) = wire::text::to_wire(bytes) {
        assert!(wire::fields(&binary).all(|field| field.is_ok()));
        // The longest binary form for its text is that of a double in a list: two bytes become
        // ten.
        assert!(binary.len() <= 8 * bytes.len());
    }
}

/// The binary form of a `saved_model.pbtxt`, for a comparison with another program's.
pub fn pbtxt_to_wire(bytes: &[u8]) -> Result<Vec<u8>, String> {
    wire::text::to_wire(bytes).map_err(|e| format!("{}, byte {:?}", e.what, e.offset_in(bytes)))
}

/// A `saved_model.pb` without a checkpoint.
pub fn saved_model(bytes: &[u8]) {
    count(bytes.to_vec(), SidecarFiles::default());
}

/// A `SavedObjectGraph` in a SavedModel without anything else.
pub fn object_graph(bytes: &[u8]) {
    let info = field(1, text(4, "serve"));
    count(field(2, info.with(field(7, bytes))).0, SidecarFiles::default());
}

/// Seeds for [`object_graph`]: the object graphs in an intact SavedModel.
pub fn object_graphs(saved_model: &[u8]) -> Vec<&[u8]> {
    let inner = |bytes, number| {
        wire::fields(bytes).flatten().filter_map(move |field| match field {
            (n, wire::Value::Bytes(inner)) if n == number => Some(inner),
            _ => None,
        })
    };
    inner(saved_model, 2).flat_map(|meta_graph| inner(meta_graph, 7)).collect()
}

/// A model with its checkpoint and its Keras metadata, as the fields that [`model_seed`] writes.
pub fn model(bytes: &[u8]) {
    let mut pb = Vec::new();
    let mut sidecars = SidecarFiles::default();
    for (number, value) in wire::fields(bytes).flatten() {
        let wire::Value::Bytes(bytes) = value else { continue };
        match number {
            1 => pb = bytes.to_vec(),
            2 => sidecars.keras_metadata = Some((Path::new("k").to_path_buf(), Ok(bytes.to_vec()))),
            3 => sidecars.checkpoint_graph = Some(bytes.to_vec()),
            4 => {
                sidecars.index = parse_index(&TableWriter::default().write(&rows_of(bytes))).ok();
            }
            _ => {}
        }
    }
    count(pb, sidecars);
}

/// A seed for [`model`]: the contents of a model's files, empty for a file that is absent.
pub fn model_seed(saved_model: &[u8], keras: &[u8], graph: &[u8], index: &[u8]) -> Vec<u8> {
    let entries = index_seeds(index).1;
    let fields = [saved_model, keras, graph, &entries];
    let used = (1..).zip(fields).filter(|(_, bytes)| !bytes.is_empty());
    used.fold(Vec::new(), |seed, (number, bytes)| [seed, field(number, bytes).0].concat())
}

fn count(saved_model: Vec<u8>, sidecars: SidecarFiles) {
    let Ok(report) = census::of_bytes(saved_model, sidecars, &Options::default()) else { return };
    check_report(&report);
    let selection = select(&report, &Filter::default(), Sort::Model);
    let view = View { variables: true, cost: true, ..View::default() };
    for format in [Format::Text, Format::Json, Format::Csv, Format::Markdown, Format::Html] {
        assert!(render::render(&report, &selection, format, &view, &mut io::sink()).is_ok());
    }
}

/// Asserts what is true of every report, whatever the model.
fn check_report(report: &Report) {
    let sum = report.variables.iter().fold(Counts::default(), |mut sum, v| {
        assert_eq!(v.shape.elements(), Some(v.parameters));
        sum.add(v.parameters, v.bytes);
        sum
    });
    assert_eq!(report.totals.all, sum);
    assert_eq!(report.groups.get(report.groups.root()).counts, sum);
    assert_ne!(report.verdict, Verdict::Verified, "no session has run");
    let mut held = vec![false; report.variables.len()];
    for group in &report.groups.nodes {
        for v in &group.own {
            held[v.0] = true;
        }
        assert!(group.children.iter().all(|c| c.0 < report.groups.nodes.len()));
        assert!(group.counts.parameters <= sum.parameters);
    }
    assert!(held.iter().all(|held| *held), "a counted variable is outside the tree");
}

/// A `keras_metadata.pb` for an object graph with Keras objects of all kinds.
pub fn keras_metadata(bytes: &[u8]) {
    let kinds = ["layer", "model", "network", "sequential", "metric", "rnn_layer", "input_layer"];
    let objects = kinds.iter().cycle().take(64);
    let objects = objects.map(|kind| object(&format!("_tf_keras_{kind}"), &[])).collect();
    let graph = ObjectGraphBytes::new(objects);
    let metadata = keras::decode_file(&Ok(bytes.to_vec()), Path::new("k"), &graph.decode());
    assert!(metadata.layers.len() <= 64);
}

/// A `.keras` archive, or its `config.json` alone: the checksums of a zip stop most inputs early.
pub fn keras_archive(bytes: &[u8]) {
    let read = match bytes.starts_with(b"PK") {
        true => keras::read_config_bytes(bytes),
        false => keras::parse_config(bytes),
    };
    let Ok(config) = read else { return };
    assert!(config.layers.len() <= bytes.len().max(1));
    for (at, layer) in config.layers.iter().enumerate() {
        assert_eq!(layer.parent.is_none(), at == 0);
        assert!(layer.parent.is_none_or(|p| p.0 < at && config.layers[p.0].is_model));
    }
}

/// A model in a tar, tar.gz or zip archive. A tar is unpacked a second time, with the checksums of
/// its headers corrected.
pub fn archive(bytes: &[u8]) {
    unpack(bytes);
    if !bytes.starts_with(b"PK") && !bytes.starts_with(b"\x1f\x8b") {
        let mut corrected = bytes.to_vec();
        for block in corrected.chunks_exact_mut(512).filter(|block| block[0] != 0) {
            block[148..156].fill(b' ');
            let sum: u32 = block.iter().map(|b| u32::from(*b)).sum();
            block[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
        }
        unpack(&corrected);
    }
}

/// Asserts that the files of an archive stay in their folder, are no links, and obey the limit.
fn unpack(bytes: &[u8]) {
    let folder = tempfile::tempdir().unwrap();
    let within = folder.path().join("within");
    let limit = source::unpack_bytes(bytes, &within);
    let names = |path: &Path| -> Vec<std::path::PathBuf> {
        std::fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()).collect()
    };
    assert_eq!(names(folder.path()), std::slice::from_ref(&within));
    for taken in names(&within) {
        let (mut total, mut open) = (0, vec![taken]);
        while let Some(path) = open.pop() {
            let metadata = std::fs::symlink_metadata(&path).unwrap();
            assert!(metadata.is_dir() || metadata.is_file());
            match metadata.is_dir() {
                true => open.extend(names(&path)),
                // Blocks, not length: a file that is all holes has the length its header states.
                false => total += std::os::unix::fs::MetadataExt::blocks(&metadata) * 512,
            }
        }
        assert!(total <= limit + 64 * 4096, "{total} bytes");
    }
}

/// A line from a worker.
pub fn worker_event(bytes: &[u8]) {
    let Ok(event) = protocol::decode_event(bytes) else { return };
    if let protocol::Event::Held { held, .. } = event {
        for shape in held.into_iter().filter_map(|held| held.shape) {
            assert!(shape.0.len() <= crate::limits::MAX_RANK);
            let _ = shape.elements();
        }
    }
}
