//! The rules: which part of `src/` may use which.

/// Plain data, with no I/O but the opening of a file, which any reader may use.
const PLAIN: &[&str] = &["model", "error", "options", "number", "limits", "regular_file"];

/// What each part may use. A part that is missing here has no place.
const MAY_USE: &[(&str, &[&str])] = &[
    ("model", &["number"]),
    ("number", &[]),
    ("limits", &[]),
    ("regular_file", &[]),
    ("error", &["model"]),
    ("options", &["model"]),
    ("wire", &[]),
    ("saved_model", &["wire"]),
    ("source", &["wire", "saved_model"]),
    ("evidence", &["wire", "saved_model", "source"]),
    ("reconcile", &["wire", "saved_model", "source", "evidence"]),
    ("verdict", &["saved_model", "evidence", "reconcile"]),
    ("group", &["saved_model", "evidence", "reconcile"]),
    ("census", &["wire", "saved_model", "source", "evidence", "reconcile", "verdict", "group"]),
    ("cached_models", &["source", "census"]),
    ("doctor", &["evidence"]),
    ("select", &[]),
    ("cost", &[]),
    ("expect", &["select", "cost"]),
    ("diff", &["select", "cost", "expect"]),
    ("render", &["select", "cost", "diff", "expect"]),
    // Passes on to this package's tests what they exercise from outside.
    ("internals", &["source", "evidence", "render"]),
];

/// Parts that do not know each other.
pub const STRANGERS: &[&[&str]] = &[
    // The places in which a model says what it contains.
    &[
        "evidence/checkpoint",
        "evidence/collections",
        "evidence/constants",
        "evidence/keras",
        "evidence/object_graph",
        "evidence/runtime",
    ],
    // The two processes.
    &["evidence/runtime/parent", "evidence/runtime/worker"],
];

/// The part of `src/` that a file belongs to: `src/evidence/roles.rs` to `evidence`.
pub fn room(path: &str) -> String {
    let inside = path.strip_prefix("src/").unwrap_or(path);
    let first = inside.split('/').next().unwrap_or(inside);
    first.strip_suffix(".rs").unwrap_or(first).to_owned()
}

pub fn is_known(room: &str) -> bool {
    MAY_USE.iter().any(|(name, _)| *name == room)
}

pub fn may_use(from: &str, to: &str) -> bool {
    let allowed = MAY_USE.iter().find(|(name, _)| *name == from).map(|(_, allowed)| *allowed);
    let is_plain = PLAIN.contains(&to) && !PLAIN.contains(&from);
    is_plain || allowed.is_some_and(|allowed| allowed.contains(&to))
}

/// Whether a file is that part, or lies in that part's folder.
pub fn is_part(path: &str, part: &str) -> bool {
    let inside = path.strip_prefix("src/").unwrap_or(path);
    inside.strip_prefix(part).is_some_and(|rest| rest == ".rs" || rest.starts_with('/'))
}

/// Whether a file may name the `tensorflow` crate.
pub fn names_tensorflow(path: &str) -> bool {
    is_part(path, "evidence/runtime/worker/session")
}

/// Files that open others by themselves: the one that looks at what it opened, and those that name a
/// file of `/proc`.
pub fn opens_files(path: &str) -> bool {
    [
        "src/regular_file.rs",
        "src/census/session_choice.rs",
        "src/evidence/runtime/parent/progress.rs",
        "src/evidence/runtime/worker/containment.rs",
    ]
    .contains(&path)
}
