//! Files that may not be read and links that lead nowhere.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

use super::made::Model;
use super::{Census, FIXTURE};

/// A user without rights.
const NOBODY: u32 = 65534;

/// Counts `model` as somebody whom permissions bind: to root they mean nothing.
fn count_unprivileged(model: &Model) -> Census {
    // SAFETY: geteuid has no preconditions and cannot fail.
    let is_root = unsafe { libc::geteuid() } == 0;
    // The build's folder may be closed to others.
    let program = model.beside("tfcensus");
    fs::copy(env!("CARGO_BIN_EXE_tfcensus"), &program).unwrap();
    fs::set_permissions(program.parent().unwrap(), Permissions::from_mode(0o755)).unwrap();
    let mut command = Command::new(program);
    command.args(["count", "--format", "json", "--runtime", "off"]).arg(model.path());
    command.current_dir("/");
    if is_root {
        command.uid(NOBODY).gid(NOBODY);
    }
    Census::of(command.output().unwrap())
}

fn close(path: &Path) {
    fs::set_permissions(path, Permissions::from_mode(0o000)).unwrap();
}

#[test]
fn a_file_that_may_not_be_read_is_named() {
    let open = count_unprivileged(&Model::of(FIXTURE.0));
    assert_eq!(open.code, Some(0), "{}", open.stderr);
    for (closed, code) in [("saved_model.pb", 2), ("variables/variables.index", 1)] {
        let model = Model::of(FIXTURE.0);
        close(&model.path().join(closed));
        let census = count_unprivileged(&model);
        assert_eq!(census.code, Some(code), "{closed}: {}", census.stderr);
        let said = format!("{}{}", census.stderr, census.report["findings"]);
        let name = closed.rsplit('/').next().unwrap();
        assert!(said.contains(name), "{closed}: {said}");
        assert!(said.to_lowercase().contains("permission"), "{closed}: {said}");
    }
}

#[test]
fn a_link_that_leads_nowhere_is_reported() {
    for dangling in ["saved_model.pb", "variables/variables.index"] {
        let model = Model::of(FIXTURE.0);
        let path = model.path().join(dangling);
        fs::remove_file(&path).unwrap();
        symlink(model.beside("nowhere"), &path).unwrap();
        let census = super::count(&model.path(), &["--runtime", "off"]);
        assert!(matches!(census.code, Some(1 | 2)), "{dangling}: {:?}", census.code);
        let said = format!("{}{}", census.stderr, census.report["findings"]);
        assert!(said.contains("link"), "{dangling}: {said}");
    }
}

#[test]
fn a_linked_folder_is_followed() {
    let model = Model::of(FIXTURE.0);
    let link = model.beside("a link");
    symlink(model.path(), &link).unwrap();
    super::count(&link, &[]).is_verified("load");
}
