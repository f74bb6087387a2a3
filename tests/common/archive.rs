//! A tiny model, and archives.

use std::io::{Cursor, Write};
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::write::GzEncoder;
use zip::write::SimpleFileOptions;

use super::{names, write};

/// SavedModel { saved_model_schema_version: 1 meta_graphs {} }
pub const SAVED_MODEL: &[u8] = &[0x08, 0x01, 0x12, 0x00];
pub const SHARD: &str = "variables/variables.data-00000-of-00001";

/// Writes the files of a model of which only the places matter.
pub fn tiny_model(dir: impl AsRef<Path>) -> PathBuf {
    let dir = dir.as_ref();
    write(dir.join("saved_model.pb"), SAVED_MODEL);
    write(dir.join("variables/variables.index"), b"index");
    write(dir.join(SHARD), b"weights");
    dir.to_path_buf()
}

/// A tar of a folder, its content below `root`.
pub fn tar(dir: &Path, root: &str) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    builder.append_dir_all(root, dir).unwrap();
    builder.into_inner().unwrap()
}

/// A `.tar.gz` of a folder, its content below `root`.
pub fn tar_gz(dir: &Path, root: &str) -> Vec<u8> {
    gzip(&tar(dir, root))
}

pub fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// A zip of these files.
pub fn zip(files: &[(impl AsRef<str>, impl AsRef<[u8]>)]) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in files {
        writer.start_file(name.as_ref(), SimpleFileOptions::default()).unwrap();
        writer.write_all(bytes.as_ref()).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

/// The files of a folder as `(name, bytes)`, each name below `root`.
pub fn files_of(dir: &Path, root: &str) -> Vec<(String, Vec<u8>)> {
    let mut files = Vec::new();
    for name in names(dir) {
        let (path, inside) = (dir.join(&name), format!("{root}/{name}"));
        match path.is_dir() {
            true => files.extend(files_of(&path, &inside)),
            false => files.push((inside, std::fs::read(path).unwrap())),
        }
    }
    files
}
