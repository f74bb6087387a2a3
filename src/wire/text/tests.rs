use std::collections::BTreeMap;
use std::path::Path;

use proptest::prelude::*;

use super::*;
use crate::wire::Value;

/// The binary form of a valid text.
fn wire(text: &str) -> Vec<u8> {
    to_wire(text.as_bytes()).unwrap_or_else(|e| panic!("{}: {text}", e.what))
}

fn refusal(text: &str) -> (&'static str, Option<u64>) {
    let err = to_wire(text.as_bytes()).expect_err(text);
    (err.what, err.offset_in(text.as_bytes()))
}

/// A length-delimited field with its length in five bytes.
fn long(number: u8, payload: &[u8]) -> Vec<u8> {
    let len = payload.len() as u8;
    assert!(len < 128);
    [&[number << 3 | 2, len | 0x80, 0x80, 0x80, 0x80, 0][..], payload].concat()
}

/// A string field.
fn text(number: u8, payload: &[u8]) -> Vec<u8> {
    [&[number << 3 | 2, payload.len() as u8], payload].concat()
}

/// A MetaGraph with one node with one attribute.
fn attr(value: &[u8]) -> Vec<u8> {
    let entry = [text(1, b"k"), long(2, value)].concat();
    long(2, &long(2, &long(1, &long(5, &entry))))
}

fn attr_text(value: &str) -> String {
    format!("meta_graphs {{ graph_def {{ node {{ attr {{ key: 'k' value {{ {value} }} }} }} }} }}")
}

#[test]
fn reads_every_kind_of_value() {
    for (value, expected) in [
        ("i: 150", vec![0x18, 0x96, 0x01]),
        ("i: -1", [&[0x18][..], &[0xff; 9], &[0x01]].concat()),
        ("i: - 1", [&[0x18][..], &[0xff; 9], &[0x01]].concat()),
        ("i: 0x7F", vec![0x18, 0x7f]),
        ("i: 0177", vec![0x18, 0x7f]),
        ("i: 0", vec![0x18, 0]),
        ("b: true", vec![0x28, 1]),
        ("b: t", vec![0x28, 1]),
        ("b: False", vec![0x28, 0]),
        ("b: 1", vec![0x28, 1]),
        ("f: 1.5", vec![0x25, 0, 0, 0xc0, 0x3f]),
        ("f: 15e-1f", vec![0x25, 0, 0, 0xc0, 0x3f]),
        ("f: .5F", vec![0x25, 0, 0, 0, 0x3f]),
        ("f: 2", vec![0x25, 0, 0, 0, 0x40]),
        ("f: -inf", vec![0x25, 0, 0, 0x80, 0xff]),
        ("f: -Infinity", vec![0x25, 0, 0, 0x80, 0xff]),
        ("type: DT_FLOAT", vec![0x30, 1]),
        ("type: DT_FLOAT_REF", vec![0x30, 101]),
        ("type: DT_FLOAT4_E2M1FN", vec![0x30, 33]),
        ("type: 19", vec![0x30, 19]),
        ("s: 'abc'", text(2, b"abc")),
        ("shape { unknown_rank: true }", long(7, &[0x18, 1])),
        ("shape: < unknown_rank: true >", long(7, &[0x18, 1])),
    ] {
        assert_eq!(wire(&attr_text(value)), attr(&expected), "{value}");
    }
    let nan = wire(&attr_text("f: nan"));
    assert!(f32::from_le_bytes(nan[nan.len() - 4..].try_into().unwrap()).is_nan());
}

#[test]
fn packs_the_numbers_of_repeated_fields() {
    // list: field 1; its `i` field 3, `type` 6, `f` 4, `s` 2.
    let both = [0x1a, 1, 1, 0x1a, 2, 0x96, 0x01];
    assert_eq!(wire(&attr_text("list { i: [1, 150] }")), attr(&long(1, &both)));
    assert_eq!(wire(&attr_text("list { i: 1 i: 150 }")), attr(&long(1, &both)));
    assert_eq!(wire(&attr_text("list { type: [DT_INT8] }")), attr(&long(1, &[0x32, 1, 6])));
    assert_eq!(wire(&attr_text("list { f: 2 }")), attr(&long(1, &[0x22, 4, 0, 0, 0, 0x40])));
    assert_eq!(
        wire(&attr_text("list { s: ['a', \"b\"] }")),
        attr(&long(1, &[text(2, b"a"), text(2, b"b")].concat()))
    );
    assert_eq!(wire(&attr_text("list { i: [] }")), attr(&long(1, &[])));
}

#[test]
fn reads_lists_of_messages() {
    let dims = [long(2, &[0x08, 3]), long(2, &[0x08, 4])].concat();
    for value in [
        "shape { dim { size: 3 } dim { size: 4 } }",
        "shape { dim: [{ size: 3 }, < size: 4 >] }",
        "shape { dim [{ size: 3; }, { size: 4, }], }",
        "shape { dim { size: 3 }; dim: { size: 4 } };",
    ] {
        assert_eq!(wire(&attr_text(value)), attr(&long(7, &dims)), "{value}");
    }
}

#[test]
fn decodes_strings() {
    for (value, expected) in [
        (r#""a" 'b' "c""#, &b"abc"[..]),
        ("'a' # comment\n 'b'", b"ab"),
        (r"'\a\b\f\n\r\t\v\\\'\x22\?'", b"\x07\x08\x0c\n\r\t\x0b\\'\"?"),
        (r"'\303\251\0\18'", b"\xc3\xa9\0\x018"),
        (r"'\xe9\x7'", b"\xe9\x07"),
        (r"'\u00e9\U0001F600\ud83d\ude00'", "é😀😀".as_bytes()),
        (r#"'say "hi"'"#, b"say \"hi\""),
        ("'é'", "é".as_bytes()),
        (r"'\377'", b"\xff"),
    ] {
        assert_eq!(wire(&attr_text(&format!("s: {value}"))), attr(&text(2, expected)), "{value}");
    }
}

#[test]
fn skips_unknown_fields() {
    let expected = attr(&[0x18, 7]);
    for value in [
        "unknown: 1 i: 7",
        "unknown: -1.5e3 i: 7",
        "unknown: some_name i: 7",
        "unknown: 'a' 'b' i: 7",
        "unknown { deep < er: [1, 'x', -inf] > x {} } i: 7",
        "unknown: [{ a: 1 }, < b { } >, { }]; i: 7",
        "[type.googleapis.com/some.Type] { i: 3 } i: 7",
        "[some.extension]: 3 i: 7",
        "123: 0x10 i: 7",
        "# comment\ni: # comment\n7 # comment\n",
    ] {
        assert_eq!(wire(&attr_text(value)), expected, "{value}");
    }
    // An enum name that this program does not know.
    assert_eq!(wire(&attr_text("type: DT_TOMORROW i: 7")), expected);
}

#[test]
fn refuses_text_that_is_not_in_the_format_and_gives_the_offset() {
    for (value, what, offset) in [
        ("meta_graphs {", "the text ends inside a message", 13),
        ("meta_graphs }", "a colon or a brace is missing", 12),
        ("}", "the name of a field is expected", 0),
        ("meta_graphs { > }", "the name of a field is expected", 14),
        ("meta_graphs: 3", "a message is expected", 13),
        ("meta_graphs: [3]", "a message is expected", 14),
        ("meta_graphs: [{} {}]", "a comma or the end of the list is missing", 17),
        ("meta_graphs: [{}, 3]", "a message is expected", 18),
        ("saved_model_schema_version 1", "a colon or a brace is missing", 27),
        ("saved_model_schema_version: [1]", "a value is expected", 28),
        ("saved_model_schema_version: 1.5", "the field cannot have this value", 28),
        ("saved_model_schema_version: 09", "the field cannot have this value", 28),
        ("saved_model_schema_version: 1x", "the field cannot have this value", 28),
        ("saved_model_schema_version: 'x'", "a value is expected", 28),
        ("saved_model_schema_version: ", "a value is expected", 28),
        ("saved_model_schema_version: 9223372036854775808", "the field cannot have this value", 28),
        ("x: 'a", "a string does not end", 3),
        ("x: 'a\nb'", "a string does not end", 3),
        (r"x: 'a\q'", "a string has an unknown escape sequence", 5),
        (r"x: '\ud800'", "a string has an unknown escape sequence", 4),
        (r"x: '\u12'", "a string has an unknown escape sequence", 4),
        ("[a: 1", "a name in brackets does not end", 0),
        ("x", "a colon or a brace is missing", 1),
    ] {
        assert_eq!(refusal(value), (what, Some(offset)), "{value}");
    }
}

#[test]
fn refuses_a_single_field_that_is_set_twice_as_tensorflow_does() {
    let (what, _) = refusal("saved_model_schema_version: 1 saved_model_schema_version: 1");
    assert_eq!(what, "a field is set twice");
    assert_eq!(refusal(&attr_text("shape {} shape {}")).0, "a field is set twice");
}

#[test]
fn refuses_numbers_that_do_not_fit() {
    let minus = attr(&[&[0x18][..], &[0x80; 9], &[0x01]].concat());
    assert_eq!(wire(&attr_text("i: -9223372036854775808")), minus);
    for value in
        ["i: -9223372036854775809", "b: 2", "b: -0", "type: 4294967296", "i: 0x", "f: inff"]
    {
        refusal(&attr_text(value));
    }
}

#[test]
fn refuses_messages_nested_too_deeply_without_recursion() {
    let within = |depth| format!("{}{}", "a{".repeat(depth), "}".repeat(depth));
    assert!(wire(&within(MAX_PBTXT_DEPTH)).is_empty());
    assert_eq!(refusal(&within(MAX_PBTXT_DEPTH + 1)).0, "messages are nested too deeply");
    refusal(&"a{".repeat(1_000_000));
}

/// The content of a binary message: the path of every value that is not its type's default, and the
/// value. Fields outside the schema are left out; packing and padded lengths make no difference.
fn facts(message: &Message, bytes: &[u8], path: &str, out: &mut BTreeMap<String, Vec<u8>>) {
    let mut seen = BTreeMap::<u32, usize>::new();
    for field in crate::wire::fields(bytes) {
        let (number, value) = field.unwrap();
        let Some(field) = message.0.iter().find(|f| f.number == number) else { continue };
        let count = seen.entry(number).or_default();
        let mut fact = |value: Vec<u8>| {
            if value.iter().any(|b| *b != 0) || field.repeated {
                out.insert(format!("{path}.{}[{count}]", field.name), value);
            }
            *count += 1;
        };
        match (field.kind, value) {
            (Kind::Nested(inner), Value::Bytes(bytes)) => {
                let path = format!("{path}.{}[{count}]", field.name);
                out.insert(path.clone(), vec![]);
                *count += 1;
                facts(inner, bytes, &path, out);
            }
            (Kind::Bytes, Value::Bytes(bytes)) => fact(bytes.to_vec()),
            (Kind::Float, Value::Bytes(packed)) => {
                packed.chunks_exact(4).for_each(|chunk| fact(chunk.to_vec()));
            }
            (_, Value::Bytes(packed)) => {
                crate::wire::packed(packed).for_each(|n| fact(n.unwrap().to_le_bytes().to_vec()));
            }
            (_, Value::Varint(n)) => fact(n.to_le_bytes().to_vec()),
            (_, Value::Fixed32(n)) => fact(n.to_le_bytes().to_vec()),
            (_, Value::Fixed64(n)) => fact(n.to_le_bytes().to_vec()),
        }
    }
}

#[test]
fn gives_the_message_that_tensorflow_reads_from_the_same_text() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/wire/text/testdata");
    let text = std::fs::read(folder.join("saved_model.pbtxt")).unwrap();
    let (mut got, mut expected) = (BTreeMap::new(), BTreeMap::new());
    facts(&schema::SAVED_MODEL, &to_wire(&text).unwrap(), "", &mut got);
    let binary = std::fs::read(folder.join("saved_model.pb")).unwrap();
    facts(&schema::SAVED_MODEL, &binary, "", &mut expected);
    assert!(expected.len() > 150, "{}", expected.len());
    assert_eq!(got, expected);
}

proptest! {
    #[test]
    fn never_panics(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = to_wire(&bytes);
    }

    #[test]
    fn never_panics_on_tokens_in_any_order(
        tokens in prop::collection::vec(prop::sample::select(vec![
            "meta_graphs", "graph_def", "node", "attr", "value", "list", "shape", "i", "s", "f",
            "type", "{", "}", "<", ">", "[", "]", ":", ",", ";", "-", "1", "0x", "1.5", "'a'",
            "\"\\", "#", "\n", "DT_FLOAT", "[x]",
        ]), 0..60),
    ) {
        let text = tokens.join(" ");
        if let Ok(wire) = to_wire(text.as_bytes()) {
            // The output is a message.
            prop_assert!(crate::wire::fields(&wire).all(|f| f.is_ok()));
        }
    }

    #[test]
    fn strings_survive_escaping(bytes in prop::collection::vec(any::<u8>(), 0..50)) {
        let octal: String = bytes.iter().map(|b| format!("\\{b:03o}")).collect();
        let hex: String = bytes.iter().map(|b| format!("\\x{b:02x}")).collect();
        prop_assert_eq!(wire(&attr_text(&format!("s: '{octal}'"))), attr(&text(2, &bytes)));
        prop_assert_eq!(wire(&attr_text(&format!("s: \"{hex}\""))), attr(&text(2, &bytes)));
    }
}
