//! Writes the seeds of every fuzz target to `tests/fuzz/corpus/<target>/`, from the project's fixtures
//! and from the models in the folders that are given as arguments. A seed has the name of the file it
//! comes from.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use tfcensus::internals::checkpoint::{self, OBJECT_GRAPH_KEY};
use tfcensus::testkit::fuzz;

/// Longer files slow a fuzzer down and do not find more.
const MAX_SEED_BYTES: usize = 64 << 10;

fn main() -> io::Result<()> {
    let project = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut files = Vec::new();
    let folders = [project.join("src"), project.join("tests/fixtures")];
    for folder in folders.into_iter().chain(std::env::args_os().skip(1).map(Into::into)) {
        list(&folder, &mut files)?;
    }
    for file in files {
        let seed = |target: &str, bytes: &[u8]| save(&project, target, &file, bytes);
        match file.file_name().and_then(|name| name.to_str()) {
            Some("variables.index") => {
                let bytes = fs::read(&file)?;
                let (block, entries) = fuzz::index_seeds(&bytes);
                seed("index_file", &bytes)?;
                seed("index_block", &block)?;
                seed("index_entries", &entries)?;
                if let Some(graph) = object_graph(&file) {
                    seed("checkpoint_object_graph", &graph)?;
                }
            }
            Some("saved_model.pb") => {
                let bytes = fs::read(&file)?;
                seed("saved_model", &bytes)?;
                for graph in fuzz::object_graphs(&bytes) {
                    seed("object_graph", graph)?;
                }
                seed("model", &whole_model(&file, &bytes))?;
                for (kind, archive) in archives(&file)? {
                    save(&project, "archive", &file.with_extension(kind), &archive)?;
                }
            }
            Some("keras_metadata.pb") => seed("keras_metadata", &fs::read(&file)?)?,
            Some("config.json") => seed("keras_archive", &fs::read(&file)?)?,
            Some(name) if name.ends_with(".keras") => seed("keras_archive", &fs::read(&file)?)?,
            Some(name) if name.ends_with(".pbtxt") => seed("pbtxt", &fs::read(&file)?)?,
            _ => {}
        }
    }
    save(&project, "keras_archive", Path::new("config"), CONFIG.as_bytes())?;
    let members = [("metadata.json", METADATA.as_bytes()), ("config.json", CONFIG.as_bytes())];
    save(&project, "keras_archive", Path::new("zip"), &zip_of(&members)?)?;
    for (at, event) in EVENTS.iter().enumerate() {
        save(&project, "worker_event", Path::new(&at.to_string()), event.as_bytes())?;
    }
    Ok(())
}

/// One event of each kind that a worker sends.
const EVENTS: [&str; 7] = [
    r#"{"event":"hello"}"#,
    r#"{"event":"ready","protocol":3,"tensorflow_version":"2.21.0","sandbox":"seccomp","sandbox_lacks":"no Landlock"}"#,
    r#"{"event":"step","step":"shapes"}"#,
    r#"{"event":"held","first":7,"held":[{"dtype":1,"shape":[3,4]},{"error":"no"},
        {"dtype":1,"shape":[],"stats":{"finite":[0.5,1e-3,0,1],"counts":[1,2,3]}}]}"#,
    r#"{"event":"undeclared","names":["v"]}"#,
    r#"{"event":"done","peak_bytes":1}"#,
    r#"{"event":"failed","kind":"status","code":5,"message":"Op type not registered 'X'"}"#,
];

/// The configuration that Keras 3 writes for a model within a model, shortened.
const CONFIG: &str = r#"{"module": "keras", "class_name": "Functional", "config": {"name": "top",
    "trainable": true, "layers": [{"class_name": "InputLayer", "config": {"name": "in"}},
    {"class_name": "pkg>Sequential", "config": {"name": "s", "trainable": false, "layers": [
    {"class_name": "Dense", "config": {"name": "d", "units": 3}, "build_config": {}}]}}]}}"#;
const METADATA: &str = r#"{"keras_version": "3.12.0", "date_saved": "2025-01-01@00:00:00"}"#;

/// The model whose `saved_model.pb` this is as a tar, a tar.gz and a zip.
fn archives(saved_model: &Path) -> io::Result<Vec<(&'static str, Vec<u8>)>> {
    let folder = saved_model.parent().unwrap_or(saved_model);
    let mut files = Vec::new();
    list(folder, &mut files)?;
    let mut members = Vec::new();
    for file in &files {
        let name = file.strip_prefix(folder).unwrap_or(file).display().to_string();
        members.push((name, fs::read(file)?));
    }
    let members: Vec<(&str, &[u8])> =
        members.iter().map(|(name, bytes)| (name.as_str(), bytes.as_slice())).collect();
    let mut tar = tar::Builder::new(Vec::new());
    for (name, bytes) in &members {
        let mut header = tar::Header::new_gnu();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        tar.append_data(&mut header, name, *bytes)?;
    }
    let tar = tar.into_inner()?;
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    gzip.write_all(&tar)?;
    Ok(vec![("tar", tar), ("tgz", gzip.finish()?), ("zip", zip_of(&members)?)])
}

fn zip_of(members: &[(&str, &[u8])]) -> io::Result<Vec<u8>> {
    let mut zip = zip::ZipWriter::new(io::Cursor::new(Vec::new()));
    for (name, bytes) in members {
        zip.start_file(*name, zip::write::SimpleFileOptions::default())?;
        zip.write_all(bytes)?;
    }
    Ok(zip.finish()?.into_inner())
}

/// The files of the model whose `saved_model.pb` this is.
fn whole_model(file: &Path, saved_model: &[u8]) -> Vec<u8> {
    let folder = file.parent().unwrap_or(file);
    let keras = fs::read(folder.join("keras_metadata.pb")).unwrap_or_default();
    let index = folder.join("variables/variables.index");
    let graph = object_graph(&index).unwrap_or_default();
    fuzz::model_seed(saved_model, &keras, &graph, &fs::read(index).unwrap_or_default())
}

/// The object graph in the checkpoint whose index this is.
fn object_graph(index: &Path) -> Option<Vec<u8>> {
    let folder = index.parent()?;
    let limit = MAX_SEED_BYTES as u64;
    let index = checkpoint::read_index(index).ok()?;
    checkpoint::read_string_scalar(&index, folder, "variables", OBJECT_GRAPH_KEY, limit).ok()
}

fn save(project: &Path, target: &str, from: &Path, bytes: &[u8]) -> io::Result<()> {
    if bytes.len() > MAX_SEED_BYTES {
        return Ok(());
    }
    let folder = project.join("tests/fuzz/corpus").join(target);
    fs::create_dir_all(&folder)?;
    let from = from.strip_prefix(project).unwrap_or(from);
    fs::write(folder.join(from.display().to_string().replace(['/', '\\'], "-")), bytes)
}

/// All files below a folder; none if the folder does not exist.
fn list(folder: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    let Ok(entries) = fs::read_dir(folder) else { return Ok(()) };
    for entry in entries {
        let entry = entry?;
        match entry.file_type()? {
            kind if kind.is_dir() => list(&entry.path(), files)?,
            kind if kind.is_file() => files.push(entry.path()),
            _ => {}
        }
    }
    Ok(())
}
