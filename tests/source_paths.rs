//! Paths as people give them: which folder is understood, or what the error says instead.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::io::Write;
use std::os::unix::ffi::OsStringExt;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use tfcensus::internals::source::{ResolveOptions, Source, resolve};
use tfcensus::model::ModelFormat;
use tfcensus::{Result, Silent};

/// SavedModel { saved_model_schema_version: 1 meta_graphs {} }
const SAVED_MODEL: &[u8] = &[0x08, 0x01, 0x12, 0x00];

fn find(path: impl AsRef<OsStr>) -> Result<Source> {
    let how = ResolveOptions { offline: true, ..ResolveOptions::default() };
    resolve(path.as_ref(), &how, &Silent)
}

fn write(path: impl AsRef<Path>, bytes: &[u8]) {
    let path = path.as_ref();
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, bytes).unwrap();
}

fn make_model(dir: impl AsRef<Path>) -> PathBuf {
    let dir = dir.as_ref();
    write(dir.join("saved_model.pb"), SAVED_MODEL);
    write(dir.join("variables/variables.index"), b"index");
    write(dir.join("variables/variables.data-00000-of-00001"), b"data");
    dir.to_path_buf()
}

/// The error for `path`, as what happened, where, and what to do.
fn refusal(path: impl AsRef<OsStr>) -> (String, String, String) {
    let error = find(path).expect_err("this is refused");
    (error.to_string(), error.place(), error.advice())
}

#[test]
fn finds_the_files_of_a_model() {
    let tmp = tempfile::tempdir().unwrap();
    let dir = make_model(tmp.path().join("m"));
    write(dir.join("keras_metadata.pb"), b"k");
    let source = find(&dir).unwrap();
    assert_eq!(source.dir, dir);
    assert_eq!(source.format, ModelFormat::SavedModel);
    assert_eq!(source.files.saved_model, dir.join("saved_model.pb"));
    assert_eq!(source.files.index, Some(dir.join("variables/variables.index")));
    assert_eq!(source.files.keras_metadata, Some(dir.join("keras_metadata.pb")));
    assert_eq!(source.files.fingerprint, None);
    assert_eq!(source.notes, Vec::<String>::new());
}

#[test]
fn understands_every_file_of_a_model_as_the_model() {
    let tmp = tempfile::tempdir().unwrap();
    let dir = make_model(tmp.path().join("m"));
    write(dir.join("fingerprint.pb"), b"f");
    for part in [
        "saved_model.pb",
        "fingerprint.pb",
        "variables",
        "variables/",
        "variables/variables.index",
        "variables/variables.data-00000-of-00001",
    ] {
        assert_eq!(find(dir.join(part)).unwrap().dir, dir, "{part}");
    }
}

#[test]
fn takes_the_binary_form_before_the_text_form() {
    let tmp = tempfile::tempdir().unwrap();
    let dir = make_model(tmp.path().join("m"));
    write(dir.join("saved_model.pbtxt"), b"saved_model_schema_version: 1\n");
    assert!(!find(&dir).unwrap().files.saved_model_is_text);
    fs::remove_file(dir.join("saved_model.pb")).unwrap();
    let source = find(&dir).unwrap();
    assert!(source.files.saved_model_is_text);
    assert_eq!(source.files.saved_model, dir.join("saved_model.pbtxt"));
}

#[test]
fn takes_the_highest_version_as_serving_does() {
    let tmp = tempfile::tempdir().unwrap();
    for version in ["1", "2", "10"] {
        make_model(tmp.path().join(version));
    }
    fs::create_dir(tmp.path().join("11")).unwrap();
    let source = find(tmp.path()).unwrap();
    assert_eq!(source.dir, tmp.path().join("10"));
    assert!(source.notes[0].contains("version 10"), "{:?}", source.notes);
    assert!(source.notes[0].ends_with("also there: 2, 1"), "{:?}", source.notes);
}

#[test]
fn goes_down_through_an_only_child() {
    let tmp = tempfile::tempdir().unwrap();
    let dir = make_model(tmp.path().join("export/Servo/1510000000"));
    assert_eq!(find(tmp.path().join("export")).unwrap().dir, dir);
}

#[test]
fn asks_which_of_several_named_models_is_meant() {
    let tmp = tempfile::tempdir().unwrap();
    make_model(tmp.path().join("it's [b]"));
    make_model(tmp.path().join("a"));
    let (what, place, advice) = refusal(tmp.path());
    assert_eq!(what, "this is not a SavedModel: a folder that holds 2 of them");
    assert_eq!(Path::new(&place), tmp.path());
    assert!(advice.contains(&format!("tfcensus count {}/a", tmp.path().display())), "{advice}");
    assert!(advice.contains("/it'\\''s [b]'"), "{advice}");
}

#[test]
fn takes_names_with_brackets_quotes_and_bytes_that_are_no_text() {
    let tmp = tempfile::tempdir().unwrap();
    for name in [b"a [b]*?".to_vec(), b"it's \"x\"\n".to_vec(), vec![b'm', 0xff, 0xfe]] {
        let dir = make_model(tmp.path().join(OsString::from_vec(name)));
        assert_eq!(find(&dir).unwrap().dir, dir);
    }
}

#[test]
fn tells_a_hub_module_and_refuses_formats_nobody_knows() {
    let tmp = tempfile::tempdir().unwrap();
    let dir = make_model(tmp.path().join("m"));
    write(dir.join("tfhub_module.pb"), &[0x08, 0x03]);
    assert_eq!(find(&dir).unwrap().format, ModelFormat::Tf1HubModule);
    write(dir.join("tfhub_module.pb"), &[0x08, 0x02]);
    assert!(refusal(&dir).0.contains("format 2"));
    write(dir.join("tfhub_module.pb"), &[0x08, 0x03, 0x12, 0x02, b'h', b'i']);
    assert!(refusal(&dir).0.contains("`hi`"));
}

#[test]
fn says_what_a_folder_without_a_model_is() {
    let tmp = tempfile::tempdir().unwrap();
    let at = |name: &str| tmp.path().join(name);
    fs::create_dir(at("empty")).unwrap();
    write(at("half/variables/variables.index"), b"i");
    write(at("chunked/saved_model.cpb"), b"c");
    write(at("tf1/checkpoint"), b"model_checkpoint_path: \"model.ckpt\"\n");
    write(at("tf1/model.ckpt.index"), b"i");
    write(at("tfjs/model.json"), b"{\"format\": \"layers-model\", \"weightsManifest\": []}");
    write(at("k3/config.json"), b"{}");
    write(at("k3/metadata.json"), b"{}");
    write(at("k3/model.weights.h5"), b"\x89HDF\r\n\x1a\n");
    write(at("hf/tf_model.h5"), b"\x89HDF\r\n\x1a\n");
    write(at("packed/model.tar.gz"), b"\x1f\x8b");
    write(at("cache/9616fd04ec2360621642ef9455b84f4b668e219e.descriptor.txt"), b"Module: x");
    for (name, what, advice) in [
        ("empty", "the folder is empty", "download the model again"),
        ("half", "`saved_model.pb` is missing", "delete this folder first"),
        ("chunked", "saved_model.cpb", "experimental_image_format"),
        ("tf1", "a checkpoint", "export a SavedModel"),
        ("tfjs", "TensorFlow.js", "tensorflowjs_converter"),
        ("k3", "unzipped `.keras`", "load_model"),
        ("hf", "HDF5", "load_model"),
        ("packed", "holds an archive", "packed/model.tar.gz"),
        ("cache", "cache of tensorflow_hub", "tfcensus list"),
    ] {
        let (got_what, place, got_advice) = refusal(at(name));
        assert!(got_what.contains(what), "{name}: {got_what}");
        assert!(got_advice.contains(advice), "{name}: {got_advice}");
        assert!(place.starts_with(at(name).to_str().unwrap()), "{name}: {place}");
    }
}

fn zip_of(entries: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, bytes) in entries {
        writer.start_file(*name, zip::write::SimpleFileOptions::default()).unwrap();
        writer.write_all(bytes).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

#[test]
fn says_what_a_file_of_another_kind_is_and_what_to_do() {
    let tmp = tempfile::tempdir().unwrap();
    let keras = zip_of(&[("metadata.json", b"{}"), ("config.json", b"{}")]);
    let torch = zip_of(&[("archive/data.pkl", b"\x80\x02}")]);
    let other = zip_of(&[("readme.txt", b"hi")]);
    let mut index = vec![0; 40];
    index.extend([0x57, 0xfb, 0x80, 0x8b, 0x24, 0x75, 0x47, 0xdb]);
    let cases: &[(&str, &[u8], &str, &str)] = &[
        ("m.h5", b"\x89HDF\r\n\x1a\n", "HDF5", "load_model"),
        ("m.keras", &keras, "`.keras` archive", "load_model"),
        ("m.tflite", b"\x1c\0\0\0TFL3", "TensorFlow Lite", "converted from"),
        ("m.onnx", b"\x08\x08\x3a\x00", "ONNX", "onnx2tf"),
        ("m.pt", &torch, "PyTorch", "numel"),
        ("m.pth", b"\x80\x02\x8a\x0al\xfc", "pickle", "numel"),
        ("m.tar.gz", b"<!DOCTYPE html><html>", "HTML page", "browser"),
        ("frozen.pb", b"\x0a\x03\x0a\x01a", "GraphDef", "constants"),
        ("other.pb", SAVED_MODEL, "a name that TensorFlow ignores", "saved_model.pb"),
        ("model.ckpt.index", &index, "a checkpoint", "export a SavedModel"),
        ("model.json", b"{\"modelTopology\": {}}", "TensorFlow.js", "tensorflowjs_converter"),
        ("weights.bin", b"version https://git-lfs.github.com/spec/v1\n", "LFS", "git lfs pull"),
        ("m.zip", &other, "without `saved_model.pb`", "give a folder"),
        ("m.tar.xz", b"\xfd7zXZ\0", "xz data", "unpack it"),
        ("notes.md", b"# hello", "does not know", "give a folder"),
    ];
    for (name, bytes, what, advice) in cases {
        let path = tmp.path().join(name);
        write(&path, bytes);
        let (got_what, place, got_advice) = refusal(&path);
        assert!(got_what.contains(what), "{name}: {got_what}");
        assert!(got_advice.contains(advice), "{name}: {got_advice}");
        assert_eq!(Path::new(&place), path);
    }
}

#[test]
fn refuses_a_saved_model_file_that_holds_something_else() {
    let tmp = tempfile::tempdir().unwrap();
    let dir = make_model(tmp.path().join("m"));
    for (bytes, what) in [
        (&b"<html><body>404 Not Found"[..], "HTML page"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:1\n", "LFS pointer"),
        (b"", "the file is empty"),
        (b"\x0a\x03\x0a\x01a\x22\x00", "bare GraphDef"),
    ] {
        write(dir.join("saved_model.pb"), bytes);
        let (got, place, _) = refusal(&dir);
        assert!(got.contains(what), "{got}");
        assert_eq!(Path::new(&place), dir.join("saved_model.pb"));
    }
}

#[test]
fn names_a_link_that_leads_nowhere() {
    let tmp = tempfile::tempdir().unwrap();
    let dir = make_model(tmp.path().join("m"));
    symlink("../blobs/gone", dir.join("assets.extra")).unwrap();
    symlink("/nowhere", dir.join("variables/variables.data-00001-of-00002")).unwrap();
    let dangling = find(&dir).unwrap().files.dangling;
    assert_eq!(
        dangling,
        [dir.join("assets.extra"), dir.join("variables/variables.data-00001-of-00002")]
    );
    fs::remove_file(dir.join("saved_model.pb")).unwrap();
    symlink("../blobs/abc", dir.join("saved_model.pb")).unwrap();
    let (_, place, advice) = refusal(&dir);
    assert_eq!(Path::new(&place), dir.join("saved_model.pb"));
    assert!(advice.contains("../blobs/abc"), "{advice}");
}

#[test]
fn follows_links_that_lead_somewhere() {
    let tmp = tempfile::tempdir().unwrap();
    make_model(tmp.path().join("m"));
    symlink("m", tmp.path().join("latest")).unwrap();
    assert_eq!(find(tmp.path().join("latest")).unwrap().dir, tmp.path().join("latest"));
}

#[test]
fn says_what_lies_beside_a_missing_path() {
    let tmp = tempfile::tempdir().unwrap();
    make_model(tmp.path().join("mobilenet"));
    let (what, place, advice) = refusal(tmp.path().join("mobilnet/1"));
    assert_eq!(what, "there is no such file or folder");
    assert_eq!(Path::new(&place), tmp.path().join("mobilnet/1"));
    assert!(advice.ends_with("holds mobilenet"), "{advice}");
}

/// Reads as an ordinary user on this thread alone, since the superuser is refused nothing.
#[cfg(target_os = "linux")]
#[test]
fn names_the_file_or_folder_that_may_not_be_read() {
    use std::os::unix::fs::PermissionsExt;
    use tfcensus::Error;
    const NOBODY: libc::uid_t = 65534;
    // SAFETY: geteuid and setfsuid take and give plain numbers and touch this thread only.
    unsafe {
        if libc::geteuid() == 0 {
            libc::setfsuid(NOBODY);
        }
    }
    let tmp = tempfile::tempdir().unwrap();
    let dir = make_model(tmp.path().join("m"));
    for (closed, error_at) in [
        (dir.join("saved_model.pb"), dir.join("saved_model.pb")),
        (dir.clone(), dir.join("saved_model.pb")),
    ] {
        let before = fs::metadata(&closed).unwrap().permissions();
        fs::set_permissions(&closed, fs::Permissions::from_mode(0o0)).unwrap();
        let error = find(&dir).unwrap_err();
        fs::set_permissions(&closed, before).unwrap();
        assert!(matches!(&error, Error::Io { path, .. } if *path == error_at), "{error:?}");
        assert!(error.advice().contains("permission"));
    }
}

#[test]
fn sends_a_cache_of_hashes_to_the_list() {
    let tmp = tempfile::tempdir().unwrap();
    let hub = tmp.path().join("hub");
    for sha1 in ["a".repeat(40), "b".repeat(40)] {
        make_model(hub.join(&sha1));
        write(hub.join(sha1 + ".descriptor.txt"), b"Module: x\n");
    }
    let face = tmp.path().join("face");
    fs::create_dir_all(face.join("models--a--b/snapshots")).unwrap();
    fs::create_dir_all(face.join("models--a--c/snapshots")).unwrap();
    for (dir, whose, variable) in
        [(hub, "tensorflow_hub", "TFHUB_CACHE_DIR"), (face, "huggingface_hub", "HF_HUB_CACHE")]
    {
        let (what, _, advice) = refusal(&dir);
        assert!(what.ends_with(&format!("a download cache of {whose}")), "{what}");
        let command = format!("run: {variable}={} tfcensus list", dir.display());
        assert!(advice.starts_with(&command), "{advice}");
    }
}

#[test]
fn says_how_handles_are_written() {
    for text in ["google/yamnet", "google/yamnet/tensorFlow2/yamnet/latest"] {
        let (what, _, advice) = refusal(text);
        assert_eq!(what, "there is no such file or folder");
        assert!(advice.contains("https://tfhub.dev/owner/model/version"), "{advice}");
    }
    for (text, what, advice) in [
        ("s3://bucket/model", "addresses that start with s3:// are not understood", "gs://"),
        ("kaggle://google/yamnet", "what follows kaggle:// is no handle", "kaggle://owner/model/"),
        ("gs://bucket", "this is no address of a model", "gs://bucket/folder"),
        ("hf://org/name", "org/name is not in the Hugging Face cache (", "hf download org/name"),
    ] {
        let (got_what, place, got_advice) = refusal(text);
        assert!(got_what.starts_with(what), "{got_what}");
        assert_eq!(place, text);
        assert!(got_advice.contains(advice), "{got_advice}");
    }
}
