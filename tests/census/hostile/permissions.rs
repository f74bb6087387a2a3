//! Files without permission, and links.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

use super::model::Model;
use super::walls::without;
use super::{Census, FIXTURE, count};
use crate::common::{self, OFF, Run, TFCENSUS};

/// The UID and GID of a user without rights.
const NOBODY: u32 = 65534;

/// Counts `model` as an ordinary user: root may read every file.
fn count_unprivileged(model: &Model) -> Census {
    // SAFETY: geteuid has no preconditions and cannot fail.
    let is_root = unsafe { libc::geteuid() } == 0;
    // Other users may have no access to the build's folder.
    let program = model.beside("tfcensus");
    fs::copy(TFCENSUS, &program).unwrap();
    fs::set_permissions(program.parent().unwrap(), Permissions::from_mode(0o755)).unwrap();
    let mut command = Command::new(program);
    command.args(["count", "--format", "json"]).args(OFF).arg(model.path());
    command.current_dir("/");
    if is_root {
        command.uid(NOBODY).gid(NOBODY);
    }
    command.run().into()
}

fn close(path: &Path) {
    fs::set_permissions(path, Permissions::from_mode(0o000)).unwrap();
}

#[test]
fn a_file_without_permission_is_named() {
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
fn a_dangling_link_is_reported() {
    for dangling in ["saved_model.pb", "variables/variables.index"] {
        let model = Model::of(FIXTURE.0);
        let path = model.path().join(dangling);
        fs::remove_file(&path).unwrap();
        symlink(model.beside("nowhere"), &path).unwrap();
        let census = count(&model.path(), &OFF);
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
    count(&link, &[]).is_verified("load");
}

#[test]
fn a_model_whose_files_are_links_is_loaded() {
    let model = Model::of(FIXTURE.0);
    for file in
        ["saved_model.pb", "variables/variables.index", "variables/variables.data-00000-of-00001"]
    {
        let (here, elsewhere) = (model.path().join(file), model.beside(&file.replace('/', "-")));
        fs::rename(&here, &elsewhere).unwrap();
        symlink(&elsewhere, &here).unwrap();
    }
    count(&model.path(), &[]).is_verified("load");
}

#[test]
fn a_session_needs_no_folder_for_temporary_files_but_any_that_can_be_written_to() {
    common::require_library();
    let mut command = common::count(&common::fixture(FIXTURE.0), &[]);
    for variable in ["TMPDIR", "HOME", "XDG_CACHE_HOME", "XDG_RUNTIME_DIR"] {
        command.env(variable, "/nonexistent");
    }
    // `HOME` holds the place where a library may have been put.
    let library = tfcensus::internals::runtime::locate(None).library.unwrap();
    command.arg("--libtensorflow").arg(library);
    Census::from(command.run()).is_verified("load");
    // As where every file system is read-only.
    #[cfg(target_arch = "x86_64")]
    {
        without(&[libc::SYS_access])(&mut command);
        let census = Census::from(command.run());
        census.is_unconfirmed();
        assert!(census.stderr.contains("/dev/shm"), "{}", census.stderr);
        assert!(census.stderr.contains("set TMPDIR"), "{}", census.stderr);
        assert!(!census.stderr.contains("--libtensorflow"), "{}", census.stderr);
    }
}
