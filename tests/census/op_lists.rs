//! The lists of ops that a full load may run, compared with the registry of the library that is there.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::{CStr, CString, c_char, c_void};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use crate::common::require_library;

const GOOD: &str = include_str!("../../src/evidence/load_hazards/good_ops.txt");
const OTHER: &str = include_str!("../../src/evidence/load_hazards/other_ops.txt");

/// The ops of a list and their marks.
fn listed(list: &str) -> BTreeMap<&str, char> {
    let lines = list.lines().filter(|line| !line.starts_with('#'));
    let entries = lines.flat_map(str::split_whitespace);
    entries
        .map(|entry| match entry.strip_suffix(['!', '?']) {
            Some(name) => (name, entry.chars().next_back().unwrap()),
            None => (entry, ' '),
        })
        .collect()
}

/// `TF_Buffer` of the C API.
#[repr(C)]
struct Buffer {
    data: *const u8,
    length: usize,
    deallocator: *const c_void,
}

/// A library stays mapped: TensorFlow cannot be unmapped.
fn map(library: &Path) -> *mut c_void {
    let path = CString::new(library.as_os_str().as_bytes()).unwrap();
    // SAFETY: maps a TensorFlow, whose initialisers may be run by any program.
    let handle = unsafe { libc::dlopen(path.as_ptr(), libc::RTLD_LAZY | libc::RTLD_LOCAL) };
    // SAFETY: dlerror gives a string where dlopen has failed.
    let reason = || unsafe { CStr::from_ptr(libc::dlerror()) };
    assert!(!handle.is_null(), "{}: {:?}", library.display(), reason());
    handle
}

fn symbol(handle: *mut c_void, name: &CStr) -> *mut c_void {
    // SAFETY: the handle is of a mapped library.
    let found = unsafe { libc::dlsym(handle, name.as_ptr()) };
    assert!(!found.is_null(), "the library lacks {name:?}");
    found
}

/// The registry's `OpList`, and the library's version.
fn registry() -> (Vec<u8>, String) {
    require_library();
    let location = tfcensus::internals::runtime::locate(None);
    let _framework = location.framework.as_deref().map(map);
    let library = map(&location.library.unwrap());
    // SAFETY: both have these types in tensorflow/c/c_api.h, and the buffer lives until it is deleted.
    unsafe {
        let version: extern "C" fn() -> *const c_char =
            std::mem::transmute(symbol(library, c"TF_Version"));
        let all_ops: extern "C" fn() -> *const Buffer =
            std::mem::transmute(symbol(library, c"TF_GetAllOpList"));
        let buffer = &*all_ops();
        let ops = std::slice::from_raw_parts(buffer.data, buffer.length).to_vec();
        (ops, CStr::from_ptr(version()).to_str().unwrap().to_owned())
    }
}

/// The fields of a message: number, value of a number, contents of a string or message.
fn fields(mut message: &[u8]) -> Vec<(u64, u64, &[u8])> {
    fn number(message: &mut &[u8]) -> u64 {
        let mut value = 0;
        for shift in (0..).step_by(7) {
            let (byte, rest) = message.split_first().unwrap();
            *message = rest;
            value |= u64::from(byte & 0x7f) << shift;
            if *byte < 0x80 {
                break;
            }
        }
        value
    }
    let mut found = Vec::new();
    while !message.is_empty() {
        let tag = number(&mut message);
        let (value, contents) = match tag & 7 {
            0 => (number(&mut message), &[][..]),
            2 => {
                let len = number(&mut message) as usize;
                let (contents, rest) = message.split_at(len);
                message = rest;
                (0, contents)
            }
            kind => {
                message = &message[if kind == 1 { 8 } else { 4 }..];
                (0, &[][..])
            }
        };
        found.push((tag >> 3, value, contents));
    }
    found
}

/// Every op of the registry, and whether it has state. Source: op_def.proto.
fn ops(list: &[u8]) -> BTreeMap<String, bool> {
    let defs = fields(list).into_iter().filter(|(number, ..)| *number == 1);
    defs.map(|(_, _, def)| {
        let def = fields(def);
        let name = def.iter().find(|(number, ..)| *number == 1).unwrap().2;
        let is_stateful = def.iter().any(|(number, value, _)| *number == 17 && *value == 1);
        (String::from_utf8(name.to_vec()).unwrap(), is_stateful)
    })
    .collect()
}

#[test]
fn every_op_of_the_library_is_in_one_of_the_lists_with_the_right_mark() {
    let (good, other) = (listed(GOOD), listed(OTHER));
    let both: BTreeSet<_> = good.keys().filter(|op| other.contains_key(*op)).collect();
    assert!(both.is_empty(), "in both lists: {both:?}");
    let (registry, version) = registry();
    let ops = ops(&registry);
    assert!(ops.len() > 1_500, "only {} ops in TensorFlow {version}", ops.len());
    let mut wrong = Vec::new();
    for (op, is_stateful) in &ops {
        match (good.get(op.as_str()).or(other.get(op.as_str())), is_stateful) {
            (None, _) => wrong.push(format!("{op} is in neither list")),
            (Some('!'), false) => wrong.push(format!("{op} has no state, but is marked with !")),
            (Some(' '), true) => wrong.push(format!("{op} has state, but is not marked")),
            _ => {}
        }
    }
    assert!(
        wrong.is_empty(),
        "TensorFlow {version}: decide what each op can reach, and add it to good_ops.txt or \
         other_ops.txt in src/evidence/load_hazards:\n{}",
        wrong.join("\n")
    );
}
