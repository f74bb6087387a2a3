//! Archives: good ones are unpacked, hostile ones are refused and the error names the entry.

use std::fs;
use std::path::{Path, PathBuf};

use tfcensus::Silent;
use tfcensus::internals::source::{ResolveOptions, ShardRange, Weights, resolve};

use crate::common::archive::{SAVED_MODEL, SHARD, gzip, zip};
use crate::find;

/// One entry of a tar archive: type flag, name, link target, content.
type Entry<'a> = (u8, &'a [u8], &'a str, &'a [u8]);

fn file<'a>(name: &'a str, content: &'a [u8]) -> Entry<'a> {
    (b'0', name.as_bytes(), "", content)
}

fn header(kind: u8, name: &[u8], link: &str, len: u64) -> tar::Header {
    let mut header = tar::Header::new_ustar();
    header.as_mut_bytes()[..name.len()].copy_from_slice(name);
    header.set_entry_type(tar::EntryType::new(kind));
    header.set_mode(0o644);
    header.set_size(len);
    header.as_mut_bytes()[157..157 + link.len()].copy_from_slice(link.as_bytes());
    header.set_cksum();
    header
}

fn tar_of(entries: &[Entry<'_>]) -> Vec<u8> {
    let mut out = Vec::new();
    for (kind, name, link, content) in entries {
        out.extend(header(*kind, name, link, content.len() as u64).as_bytes());
        out.extend(*content);
        out.resize(out.len().next_multiple_of(512), 0);
    }
    out.resize(out.len() + 1024, 0);
    out
}

fn stored(tmp: &Path, name: &str, bytes: &[u8]) -> PathBuf {
    let path = tmp.join(name);
    fs::write(&path, bytes).unwrap();
    path
}

fn refusal(bytes: &[u8]) -> String {
    let tmp = tempfile::tempdir().unwrap();
    let path = stored(tmp.path(), "m.tar", bytes);
    let error = find(&path).expect_err("a refusal");
    assert!(error.place().contains("m.tar"), "{}", error.place());
    error.to_string()
}

fn model(prefix: &str) -> Vec<(String, Vec<u8>)> {
    [
        ("saved_model.pb", SAVED_MODEL),
        ("variables/variables.index", b"index"),
        (SHARD, b"weights"),
        ("assets/vocab.txt", b"a\nb\n"),
    ]
    .map(|(name, bytes)| (format!("{prefix}{name}"), bytes.to_vec()))
    .to_vec()
}

#[test]
fn unpacks_a_model_whatever_the_format_and_the_file_name() {
    for prefix in ["", "./", "my model/", "a/b/"] {
        let parts = model(prefix);
        let entries: Vec<Entry<'_>> = parts.iter().map(|(n, b)| file(n, b)).collect();
        let zipped: Vec<_> = parts.iter().map(|(n, b)| (n.trim_start_matches("./"), b)).collect();
        let tar = tar_of(&entries);
        for bytes in [tar.clone(), gzip(&tar), zip(&zipped)] {
            let tmp = tempfile::tempdir().unwrap();
            let source = find(stored(tmp.path(), "download", &bytes)).unwrap();
            assert_eq!(fs::read(source.dir.join(SHARD)).unwrap(), b"weights");
            assert_eq!(fs::read(source.dir.join("assets/vocab.txt")).unwrap(), b"a\nb\n");
            assert!(!source.files.shards_are_hollow);
            let dir = source.dir.clone();
            drop(source);
            assert!(!dir.exists(), "the unpacked files are removed");
        }
    }
}

#[test]
fn reads_gnu_and_pax_long_names() {
    let long = format!("{}/", "d".repeat(150));
    let mut gnu = Vec::new();
    let mut pax = Vec::new();
    for (name, bytes) in model(&long) {
        let mut stated = name.clone().into_bytes();
        stated.push(0);
        gnu.push((b'L', b"././@LongLink".to_vec(), stated));
        gnu.push((b'0', b"cut".to_vec(), bytes.clone()));
        // "<length of the record> path=<name>\n", the length counting its own digits.
        let record = format!("{} path={name}\n", name.len() + 7 + 3);
        pax.push((b'x', b"PaxHeaders/x".to_vec(), record.into_bytes()));
        pax.push((b'0', b"cut".to_vec(), bytes));
    }
    for parts in [gnu, pax] {
        let entries: Vec<Entry<'_>> =
            parts.iter().map(|(k, n, b)| (*k, &n[..], "", &b[..])).collect();
        let tmp = tempfile::tempdir().unwrap();
        let source = find(stored(tmp.path(), "m.tar", &tar_of(&entries))).unwrap();
        assert_eq!(fs::read(source.dir.join(SHARD)).unwrap(), b"weights");
    }
}

#[test]
fn refuses_links_devices_and_paths_out_of_the_folder() {
    let good = file("saved_model.pb", SAVED_MODEL);
    let cases: [(Entry<'_>, &str); 9] = [
        ((b'2', b"variables", "/etc", b""), "entry `variables` is a symbolic link"),
        ((b'1', b"passwd", "/etc/passwd", b""), "entry `passwd` is a hard link"),
        ((b'3', b"null", "", b""), "entry `null` is a device"),
        ((b'6', b"pipe", "", b""), "entry `pipe` is a pipe"),
        ((b'S', b"holes", "", b""), "entry `holes` is a sparse file"),
        ((b'Z', b"odd", "", b""), "entry `odd` is of an unknown kind"),
        (file("/tmp/x", b"x"), "entry `/tmp/x` has an absolute path"),
        (file("a/../../x", b"x"), "entry `a/../../x` leads out of its folder"),
        (file("saved_model.pb", b"y"), "entry `saved_model.pb` is there twice"),
    ];
    for (bad, what) in cases {
        let error = refusal(&tar_of(&[good, bad]));
        assert!(error.contains(what), "{error}");
    }
}

#[test]
fn refuses_a_file_below_a_file() {
    let error = refusal(&tar_of(&[file("a", b"x"), file("a/b", b"x")]));
    assert!(error.contains("entry `a/b` lies below `a`, which is a file"), "{error}");
}

#[test]
fn refuses_too_many_entries() {
    let mut bytes = Vec::new();
    for i in 0..=100_000 {
        bytes.extend(header(b'0', format!("f{i}").as_bytes(), "", 0).as_bytes());
    }
    bytes.resize(bytes.len() + 1024, 0);
    let error = refusal(&gzip(&bytes));
    assert!(error.contains("entry `f100000` is one too many"), "{error}");
}

#[test]
fn refuses_a_name_that_claims_gigabytes() {
    let mut bytes = header(b'L', b"././@LongLink", "", 4 << 30).as_bytes().to_vec();
    bytes.resize(1 << 20, b'a');
    let error = refusal(&bytes);
    assert!(error.contains("described by 4294967296 bytes of headers"), "{error}");
}

#[test]
fn refuses_lengths_beyond_the_archive() {
    // Base-256, as GNU writes lengths from 8 GiB on, with all bits set: far more than the archive has.
    let mut header = header(b'0', b"saved_model.pb", "", 0);
    header.as_mut_bytes()[124..136].copy_from_slice(&[0xff; 12]);
    header.set_cksum();
    let error = refusal(header.as_bytes());
    assert!(error.contains("entry `saved_model.pb`"), "{error}");
}

#[test]
fn refuses_an_archive_cut_at_any_block() {
    let parts = model("");
    let entries: Vec<Entry<'_>> = parts.iter().map(|(n, b)| file(n, b)).collect();
    let tar = tar_of(&entries);
    let tmp = tempfile::tempdir().unwrap();
    // The archive ends with two empty blocks, of which readers need one.
    for len in (512..=tar.len() - 1024).step_by(256) {
        assert!(find(stored(tmp.path(), "m.tar", &tar[..len])).is_err(), "cut at {len}");
    }
    let packed = gzip(&tar);
    for len in 0..packed.len() {
        assert!(find(stored(tmp.path(), "m.tar.gz", &packed[..len])).is_err(), "cut at {len}");
    }
}

#[test]
fn refuses_gzip_data_with_a_flipped_bit() {
    let parts = model("");
    let entries: Vec<Entry<'_>> = parts.iter().map(|(n, b)| file(n, b)).collect();
    let mut packed = gzip(&tar_of(&entries));
    let at = packed.len() - 6;
    packed[at] ^= 1;
    assert!(refusal(&packed).contains("the archive cannot be read"));
}

#[test]
fn refuses_hostile_zip_entries() {
    let out = refusal(&zip(&[("saved_model.pb", SAVED_MODEL), ("../x", b"x")]));
    assert!(out.contains("entry `../x` leads out of its folder"), "{out}");

    let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let options = zip::write::SimpleFileOptions::default();
    writer.start_file("saved_model.pb", options).unwrap();
    writer.add_symlink("variables", "/etc", options).unwrap();
    let link = refusal(&writer.finish().unwrap().into_inner());
    assert!(link.contains("entry `variables` is a symbolic link"), "{link}");

    // Two names of one length, one renamed to the other in both of its headers.
    let mut twice = zip(&[("saved_model.pb", SAVED_MODEL), ("saved_model.pc", b"x")]);
    while let Some(at) = twice.windows(14).position(|w| w == b"saved_model.pc") {
        twice[at + 13] = b'b';
    }
    let error = refusal(&twice);
    assert!(error.contains("two of its entries have the same name"), "{error}");

    let mut damaged = zip(&[("saved_model.pb", SAVED_MODEL), ("big", &[7; 1000])]);
    let crc = crc_of(&[7; 1000]).to_le_bytes();
    while let Some(at) = damaged.windows(4).position(|w| w == crc) {
        damaged[at] ^= 1;
    }
    let error = refusal(&damaged);
    assert!(error.contains("entry `big` cannot be read"), "{error}");
}

proptest::proptest! {
    #![proptest_config(proptest::test_runner::Config::with_cases(300))]

    /// A damaged archive never panics and never writes outside its folder.
    #[test]
    fn survives_damage_anywhere(
        edits in proptest::collection::vec((0.0..1.0f64, proptest::num::u8::ANY), 1..6),
        pick in 0..2usize,
    ) {
        let parts = model("m/");
        let entries: Vec<Entry<'_>> = parts.iter().map(|(n, b)| file(n, b)).collect();
        let mut bytes = [tar_of(&entries), zip(&parts)][pick].clone();
        for (place, value) in edits {
            let at = (place * bytes.len() as f64) as usize;
            bytes[at] = value;
        }
        let tmp = tempfile::tempdir().unwrap();
        let path = stored(tmp.path(), "m.tar", &bytes);
        if let Ok(source) = find(&path) {
            proptest::prop_assert!(source.dir.starts_with(std::env::temp_dir()));
        }
        proptest::prop_assert_eq!(fs::read_dir(tmp.path()).unwrap().count(), 1);
    }
}

fn crc_of(bytes: &[u8]) -> u32 {
    let mut crc = flate2::Crc::new();
    crc.update(bytes);
    crc.sum()
}

#[test]
fn names_the_models_of_an_archive_that_holds_several() {
    let entries = [file("a/saved_model.pb", SAVED_MODEL), file("b/saved_model.pb", SAVED_MODEL)];
    let tmp = tempfile::tempdir().unwrap();
    let error = find(stored(tmp.path(), "m.tar", &tar_of(&entries))).unwrap_err();
    assert_eq!(error.to_string(), "this is not a SavedModel: an archive that holds 2 of them");
    assert_eq!(error.advice(), "unpack it and give one of its folders: a, b");
}

#[test]
fn errors_name_the_archive_and_not_its_temporary_folder() {
    for entries in
        [vec![], vec![file("readme.txt", b"hi")], vec![file("x/model.h5", b"\x89HDF\r\n\x1a\n")]]
    {
        let tmp = tempfile::tempdir().unwrap();
        let error = find(stored(tmp.path(), "m.tar", &tar_of(&entries))).unwrap_err();
        let text = format!("{error} {} {}", error.place(), error.advice());
        assert!(!text.contains("tfcensus-unpacked"), "{text}");
    }
}

#[test]
fn unpacks_only_declarations_and_the_requested_ranges() {
    const LEN: usize = 20 << 20;
    let large: Vec<u8> = (0..LEN).map(|i| (i % 251) as u8 | 1).collect();
    let parts: Vec<(&str, &[u8])> = vec![
        ("m/variables/variables.data-00000-of-00002", &large),
        ("m/variables/variables.data-00001-of-00002", b"small"),
        ("m/variables/variables.index", b"index"),
        ("m/saved_model.pb", SAVED_MODEL),
        ("m/assets/vocab.txt", b"a"),
    ];
    let entries: Vec<Entry<'_>> = parts.iter().map(|(n, b)| file(n, b)).collect();
    for bytes in [gzip(&tar_of(&entries)), zip(&parts)] {
        let tmp = tempfile::tempdir().unwrap();
        let path = stored(tmp.path(), "m", &bytes);
        let wanted = |index: &Path| {
            assert_eq!(fs::read(index).unwrap(), b"index");
            let range = |shard, offset, byte_len| ShardRange { shard, offset, byte_len };
            vec![
                range(0, 100_000, 70_000),
                range(0, LEN as u64 - 10, 1_000),
                range(0, u64::MAX, u64::MAX),
                range(7, 0, 1),
            ]
        };
        let options = ResolveOptions {
            offline: true,
            weights: Weights::Ranges(&wanted),
            ..ResolveOptions::default()
        };
        let source = resolve(path.as_os_str(), &options, &Silent).unwrap();
        assert!(source.files.shards_are_hollow);
        let shard = fs::read(source.dir.join("variables/variables.data-00000-of-00002")).unwrap();
        let mut expected = vec![0; LEN];
        expected[100_000..170_000].copy_from_slice(&large[100_000..170_000]);
        expected[LEN - 10..].copy_from_slice(&large[LEN - 10..]);
        assert!(shard == expected, "only the requested ranges are filled");
        let small = fs::read(source.dir.join("variables/variables.data-00001-of-00002")).unwrap();
        assert_eq!(small, b"small");
        assert!(!source.dir.join("assets").exists());
    }
}
