//! Tells what a file is from its bytes, where those leave a doubt from its name.
//!
//! Input: a path. Output: an archive, a SavedModel message, or the [`Kind`] of something else.
//! Reads a few kilobytes, whatever the size of the file.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

use super::file_kind::Kind;
use crate::limits::MAX_SNIFFED_FIELDS;
use crate::regular_file;

/// How much of a file is looked at for magic numbers and words.
const HEAD_BYTES: u64 = 16 * 1024;

/// Last eight bytes of a checkpoint index. Source: TensorFlow core/lib/io/format.h.
const TABLE_MAGIC: [u8; 8] = [0x57, 0xfb, 0x80, 0x8b, 0x24, 0x75, 0x47, 0xdb];

/// What a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Content {
    /// A binary SavedModel message.
    SavedModel,
    /// A tar archive, plain.
    Tar,
    /// Gzip data, which may be a tar archive.
    Gzip,
    /// A zip archive that holds a `saved_model.pb` or `.pbtxt`.
    ZipOfModel,
    /// Something else.
    Other(Kind),
}

/// Looks at the file behind `path`.
pub(super) fn sniff(path: &Path) -> io::Result<Content> {
    let mut file = regular_file::open(path)?;
    let mut head = Vec::new();
    Read::by_ref(&mut file).take(HEAD_BYTES).read_to_end(&mut head)?;
    if let Some(content) = by_magic(&head) {
        return Ok(content);
    }
    if head.starts_with(b"PK\x03\x04") || head.starts_with(b"PK\x05\x06") {
        return Ok(zip_content(file));
    }
    if ends_with(&mut file, &TABLE_MAGIC)? {
        return Ok(Content::Other(Kind::Checkpoint));
    }
    let extension = path.extension().and_then(OsStr::to_str).map(str::to_ascii_lowercase);
    let name = path.file_name().and_then(OsStr::to_str).unwrap_or_default();
    if let Some(kind) = by_text(&head) {
        return Ok(Content::Other(kind));
    }
    if name.contains(".data-") || name == "checkpoint" || name.contains(".ckpt") {
        return Ok(Content::Other(Kind::Checkpoint));
    }
    if let Some(content) = by_fields(&mut file)? {
        return Ok(content);
    }
    if extension.as_deref() == Some("tar") {
        // Before POSIX, tar headers had no magic number.
        return Ok(Content::Tar);
    }
    Ok(Content::Other(match extension.as_deref() {
        Some("h5" | "hdf5") => Kind::Hdf5,
        Some("keras") => Kind::KerasArchive,
        Some("tflite") => Kind::TfLite,
        Some("onnx") => Kind::Onnx,
        Some("pt" | "pth") => Kind::TorchPickle,
        _ => Kind::Unknown,
    }))
}

/// Magic numbers at fixed places.
fn by_magic(head: &[u8]) -> Option<Content> {
    let at = |offset: usize, magic: &[u8]| head.get(offset..).is_some_and(|h| h.starts_with(magic));
    let other = |kind| Some(Content::Other(kind));
    match () {
        () if head.is_empty() => other(Kind::Empty),
        () if at(0, b"\x1f\x8b") => Some(Content::Gzip),
        () if at(257, b"ustar") => Some(Content::Tar),
        () if at(0, b"\x89HDF\r\n\x1a\n") => other(Kind::Hdf5),
        () if at(4, b"TFL3") => other(Kind::TfLite),
        () if at(0, b"GGUF") => other(Kind::Gguf),
        () if regular_file::is_lfs_pointer(head) => other(Kind::LfsPointer),
        () if at(0, b"BZh") => other(Kind::OtherCompression("bzip2")),
        () if at(0, b"\xfd7zXZ\0") => other(Kind::OtherCompression("xz")),
        () if at(0, b"\x28\xb5\x2f\xfd") => other(Kind::OtherCompression("zstd")),
        () if at(0, b"7z\xbc\xaf\x27\x1c") => other(Kind::OtherCompression("7z")),
        () if at(0, b"Rar!\x1a\x07") => other(Kind::OtherCompression("RAR")),
        // A pickle: protocol 2 to 5, then an opcode that opens a frame, number, dict or global.
        () if at(0, b"\x80")
            && head.get(1).is_some_and(|p| (2..=5).contains(p))
            && head.get(2).is_some_and(|o| b"\x8a\x95}]c(".contains(o)) =>
        {
            other(Kind::TorchPickle)
        }
        // safetensors: the header's length, then the header, a JSON object.
        () if at(8, b"{\"") && head.get(6..8) == Some(&[0, 0]) => other(Kind::SafeTensors),
        () => None,
    }
}

/// Text that gives a file away.
fn by_text(head: &[u8]) -> Option<Kind> {
    let text = String::from_utf8_lossy(head);
    let text = text.trim_start_matches(['\u{feff}', ' ', '\t', '\r', '\n']);
    let start: String = text.chars().take(512).collect::<String>().to_ascii_lowercase();
    if start.starts_with("<!doctype html")
        || start.starts_with("<html")
        || start.starts_with("<head")
    {
        return Some(Kind::Html);
    }
    if text.starts_with('{') {
        let words =
            ["\"modelTopology\"", "\"weightsManifest\"", "\"graph-model\"", "\"layers-model\""];
        let tfjs = words.iter().any(|word| text.contains(word));
        return Some(if tfjs { Kind::TfJs } else { Kind::Json });
    }
    if start.starts_with("model_checkpoint_path:") {
        return Some(Kind::Checkpoint);
    }
    None
}

fn ends_with(file: &mut File, magic: &[u8; 8]) -> io::Result<bool> {
    if file.metadata()?.len() < 48 {
        return Ok(false);
    }
    file.seek(SeekFrom::End(-8))?;
    let mut tail = [0; 8];
    file.read_exact(&mut tail)?;
    Ok(&tail == magic)
}

/// Tells SavedModel, GraphDef and ONNX messages apart by the numbers and wire types of their
/// top-level fields, skipping what is in them. `None` where the bytes are no such message.
fn by_fields(file: &mut File) -> io::Result<Option<Content>> {
    let len = file.metadata()?.len();
    let mut at = 0u64;
    let mut seen = Vec::new();
    while at < len && seen.len() < MAX_SNIFFED_FIELDS {
        file.seek(SeekFrom::Start(at))?;
        let mut bytes = Vec::new();
        Read::by_ref(file).take(20).read_to_end(&mut bytes)?;
        let Some((tag, tag_len)) = crate::wire::read_varint(&bytes) else { return Ok(None) };
        let rest = bytes.get(tag_len..).unwrap_or_default();
        let skip = match tag & 7 {
            0 => crate::wire::read_varint(rest).map(|(_, used)| used as u64),
            1 => Some(8),
            2 => crate::wire::read_varint(rest).and_then(|(n, used)| n.checked_add(used as u64)),
            5 => Some(4),
            _ => None,
        };
        let next = skip.and_then(|s| s.checked_add(at)?.checked_add(tag_len as u64));
        let Some(next) = next else { return Ok(None) };
        seen.push((tag >> 3, tag & 7));
        if next > len {
            // Cut short; what was seen so far still tells the kind.
            break;
        }
        at = next;
    }
    let only = |allowed: &[(u64, u64)]| seen.iter().all(|field| allowed.contains(field));
    let has = |field| seen.contains(&field);
    // saved_model.proto: schema version 1 (varint), meta_graphs 2 (message).
    if has((2, 2)) && only(&[(1, 0), (2, 2)]) {
        return Ok(Some(Content::SavedModel));
    }
    // onnx.proto: ir_version 1 (varint), graph 7, opset_import 8.
    if has((1, 0)) && has((7, 2)) {
        return Ok(Some(Content::Other(Kind::Onnx)));
    }
    // graph.proto: node 1, library 2, version 3 (varint), versions 4, debug_info 5.
    if has((1, 2)) && only(&[(1, 2), (2, 2), (3, 0), (4, 2), (5, 2)]) {
        return Ok(Some(Content::Other(Kind::FrozenGraph)));
    }
    Ok(None)
}

fn zip_content(file: File) -> Content {
    let Ok(archive) = super::archive::open_zip(file) else {
        return Content::Other(Kind::Unknown);
    };
    let names: Vec<&[u8]> = archive.file_names_raw().collect();
    let last = |name: &[u8]| name.rsplit(|b| *b == b'/').next().map(<[u8]>::to_vec);
    let any =
        |wanted: &str| names.iter().any(|name| last(name).as_deref() == Some(wanted.as_bytes()));
    let root = |wanted: &str| names.contains(&wanted.as_bytes());
    if any("saved_model.pb") || any("saved_model.pbtxt") {
        Content::ZipOfModel
    } else if root("config.json") && root("metadata.json") {
        Content::Other(Kind::KerasArchive)
    } else if any("data.pkl") {
        Content::Other(Kind::TorchZip)
    } else if !names.is_empty() && names.iter().all(|name| name.ends_with(b".npy")) {
        Content::Other(Kind::NumpyZip)
    } else {
        Content::Other(Kind::ZipOfOther)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(name: &str, bytes: &[u8]) -> Content {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        sniff(&path).unwrap()
    }

    #[test]
    fn tells_a_saved_model_from_a_graph_and_an_onnx_file() {
        assert_eq!(of("a.pb", b"\x08\x01\x12\x02\x0a\x00"), Content::SavedModel);
        // GraphDef { node { name: "a" } versions {} }
        assert_eq!(of("a.pb", b"\x0a\x03\x0a\x01a\x22\x00"), Content::Other(Kind::FrozenGraph));
        // ModelProto { ir_version: 8 producer_name: "pytorch" graph {} opset_import {} }
        assert_eq!(
            of("a.pb", b"\x08\x08\x12\x07pytorch\x3a\x00\x42\x00"),
            Content::Other(Kind::Onnx)
        );
    }

    #[test]
    fn knows_a_saved_model_that_was_cut_short() {
        assert_eq!(of("a.pb", b"\x08\x01\x12\x7f\x0a\x00"), Content::SavedModel);
    }

    #[test]
    fn knows_files_by_magic_whatever_their_name() {
        let cases: [(&[u8], Kind); 8] = [
            (b"\x89HDF\r\n\x1a\nrest", Kind::Hdf5),
            (b"\x1c\0\0\0TFL3rest", Kind::TfLite),
            (b"GGUF\x03\0\0\0", Kind::Gguf),
            (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n", Kind::LfsPointer),
            (b"\n <!DOCTYPE html><html>", Kind::Html),
            (b"\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19.", Kind::TorchPickle),
            (b"\x40\0\0\0\0\0\0\0{\"w\":{}}", Kind::SafeTensors),
            (b"{\"format\": \"layers-model\"}", Kind::TfJs),
        ];
        for (bytes, kind) in cases {
            assert_eq!(of("model.bin", bytes), Content::Other(kind));
        }
        assert_eq!(of("saved_model.pb", b""), Content::Other(Kind::Empty));
    }

    #[test]
    fn falls_back_on_the_extension_for_unknown_bytes() {
        assert_eq!(of("m.tflite", b"\xff\xff\xff"), Content::Other(Kind::TfLite));
        assert_eq!(of("m.bin", b"\xff\xff\xff"), Content::Other(Kind::Unknown));
    }
}
