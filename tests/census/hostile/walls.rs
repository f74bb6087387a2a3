//! What a model cannot do even where it runs code of its own: the kernel refuses it to the worker.

use std::fs;
use std::io;
use std::net::TcpListener;
use std::os::unix::fs::symlink;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::model::Model;
use super::pipes::make_pipe;
use super::{Census, FIXTURE, count};
use crate::common::saved_model::node;
use crate::common::{self, Run};

/// Builds a library with an op that tries what is forbidden.
fn forbidden_op(model: &Model) -> PathBuf {
    common::require_library();
    let location = tfcensus::internals::runtime::locate(None);
    let library = model.beside("forbidden.so");
    let mut build = Command::new("cc");
    build.args(["-shared", "-fPIC", "-o"]).arg(&library);
    build.arg(common::project("tests/census/program/forbidden.c"));
    // It finds these by name among what is mapped already.
    build.args([location.framework, location.library].into_iter().flatten());
    assert!(build.status().expect("a C compiler").success());
    library
}

/// A model that tries everything when it is loaded, its surroundings, and the count of it.
struct Attack {
    model: Model,
    listener: TcpListener,
    library: PathBuf,
}

impl Attack {
    fn new() -> Attack {
        let model = Model::of(FIXTURE.0);
        let library = forbidden_op(&model);
        let nodes = [node("try", "TryForbidden", &[], &[])];
        let model = model.add(&nodes, &[], Some("try"));
        fs::write(model.beside("victim"), "untouched").unwrap();
        fs::write(model.beside("secret"), "secret").unwrap();
        fs::create_dir(model.beside("folder")).unwrap();
        make_pipe(&model.beside("pipe"));
        symlink(model.beside("secret"), model.path().join("link")).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        Attack { model, listener, library }
    }

    fn count(&self, change: impl FnOnce(&mut Command)) -> Census {
        let library = self.library.to_str().unwrap();
        let options =
            ["--runtime", "load", "--allow-unsafe-ops", "--verbose", "--op-library", library];
        let mut command = common::count(&self.model.path(), &options);
        command.env("TRY_FOLDER", self.model.beside(""));
        command.env("TRY_PORT", self.listener.local_addr().unwrap().port().to_string());
        change(&mut command);
        command.run().into()
    }

    /// Nothing of what was tried has happened.
    fn had_no_effect(&self) {
        assert_eq!(fs::read_to_string(self.model.beside("victim")).unwrap(), "untouched");
        assert!(!self.model.beside("created").exists());
        assert!(!self.model.path().join("created").exists());
        assert!(self.model.beside("folder").is_dir());
        let heard = self.listener.accept();
        assert_eq!(heard.unwrap_err().kind(), io::ErrorKind::WouldBlock);
    }
}

/// What the op tried, each with the number of the error, 0 where it succeeded.
fn tries(census: &Census) -> Vec<(&str, i32)> {
    assert!(census.stderr.contains("tried all"), "{}", census.stderr);
    let lines =
        census.stderr.lines().filter_map(|line| line.split_once("tried ")?.1.split_once(' '));
    lines.filter_map(|(name, errno)| Some((name, errno.trim().parse().ok()?))).collect()
}

#[test]
#[cfg(target_os = "linux")]
fn the_kernel_refuses_what_a_census_does_not_need() {
    let attack = Attack::new();
    let census = attack.count(|_| {});
    let tries = tries(&census);
    assert!(tries.len() >= 55, "{tries:?}");
    let refusals = [libc::EPERM, libc::EACCES, libc::ENOSYS];
    for (name, errno) in tries {
        assert!(refusals.contains(&errno), "{name}: {errno}\n{}", census.stderr);
    }
    attack.had_no_effect();
    census.is_verified("load");
    assert_eq!(census.report["runtime"]["sandbox"], "landlock+seccomp");
}

/// The answers of a kernel without these system calls, or of a container that forbids them.
pub fn without(calls: &'static [libc::c_long]) -> impl FnOnce(&mut Command) {
    use seccompiler::{BpfProgram, SeccompAction, SeccompFilter};
    let rules = calls.iter().map(|call| (*call, Vec::new())).collect();
    let (allow, refuse) = (SeccompAction::Allow, SeccompAction::Errno(libc::ENOSYS as u32));
    let arch = std::env::consts::ARCH.try_into().unwrap();
    let filter = SeccompFilter::new(rules, allow, refuse, arch).unwrap();
    let filter: BpfProgram = filter.try_into().unwrap();
    move |command| {
        let apply = move || seccompiler::apply_filter(&filter).map_err(io::Error::other);
        // SAFETY: two system calls; nothing is allocated unless they fail.
        unsafe { command.pre_exec(apply) };
    }
}

/// As on a system that has neither Landlock nor seccomp.
pub fn without_walls(command: &mut Command) {
    without(&[libc::SYS_landlock_create_ruleset, libc::SYS_seccomp])(command);
}

#[test]
#[cfg(target_os = "linux")]
fn one_wall_holds_without_the_other() {
    let attack = Attack::new();
    // Nothing but Landlock keeps a model from waiting for a FIFO.
    fs::remove_file(attack.model.beside("pipe")).unwrap();
    fs::write(attack.model.beside("pipe"), "").unwrap();
    let census = attack.count(without(&[libc::SYS_landlock_create_ruleset]));
    assert_eq!(census.report["runtime"]["sandbox"], "seccomp");
    let readable: Vec<&str> =
        tries(&census).into_iter().filter(|(_, errno)| *errno == 0).map(|(name, _)| name).collect();
    // System calls alone do not tell one path from another.
    for name in &readable {
        let is_read = name.starts_with("read-") || *name == "environment-of-parent";
        assert!(is_read, "{readable:?}");
    }
    attack.had_no_effect();
    census.is_verified("load");
}

#[test]
#[cfg(target_os = "linux")]
fn a_model_without_any_wall_is_loaded_only_if_it_is_harmless_and_the_report_says_so() {
    let count_without = |model: &Path| -> Census {
        let mut command = common::count(model, &["--runtime", "auto"]);
        without_walls(&mut command);
        command.run().into()
    };
    let harmless = count_without(&common::fixture(FIXTURE.0));
    harmless.is_verified("load");
    assert_eq!(harmless.report["runtime"]["sandbox"], "none");
    let said = harmless.finding("no-sandbox").expect("a finding");
    assert_eq!(said["severity"], "note");
    let attack = Attack::new();
    count_without(&attack.model.path()).is_verified("variables");
    attack.had_no_effect();
}

#[test]
fn a_report_says_what_held() {
    let sandboxes = ["landlock+seccomp", "landlock", "seccomp", "none"];
    let census = count(&common::fixture(FIXTURE.0), &[]);
    let sandbox = census.report["runtime"]["sandbox"].as_str().expect("a word");
    assert!(sandboxes.contains(&sandbox), "{sandbox}");
    let off = count(&common::fixture(FIXTURE.0), &common::OFF);
    assert!(off.report["runtime"]["sandbox"].is_null());
}
