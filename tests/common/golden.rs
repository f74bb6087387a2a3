//! Output that a person has looked at, in `tests/golden/`.

use snapbox::assert::{Action, Assert};
use snapbox::data::Data;

/// Compares with `tests/golden/NAME`. With `UPDATE_GOLDEN=1` the file is rewritten instead.
pub fn check(name: &str, text: &str) {
    // The program's version changes without its output.
    let version = concat!("\"tfcensus_version\": \"", env!("CARGO_PKG_VERSION"), "\"");
    let text = text.replace(version, "\"tfcensus_version\": \"0.0.0\"");
    let update = std::env::var_os("UPDATE_GOLDEN").is_some();
    let action = if update { Action::Overwrite } else { Action::Verify };
    let path = super::project("tests/golden").join(name);
    // Raw: brackets and slashes of the output are no placeholders.
    Assert::new().action(action).eq(text, Data::read_from(&path, None).raw());
}
