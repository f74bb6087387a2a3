//! The worker process and its parent, each of them killed at every point.

use std::fs;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::Path;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use super::made::{Model, fixture};
use super::{Census, FIXTURE, count, names, program};

/// Milliseconds after the start of the worker: while it maps the library, loads, asks, or is done.
const POINTS: [u64; 6] = [0, 30, 150, 400, 900, 1500];

fn start(model: &Path, temporary: &Path, more: &[&str]) -> Child {
    program(model, more)
        .env("TMPDIR", temporary)
        .process_group(0)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

/// The worker of a running census, once there is one; `None` if the census is over first.
fn worker_of(census: &mut Child) -> Option<i32> {
    loop {
        if census.try_wait().unwrap().is_some() {
            return None;
        }
        if let Some(worker) = child_of(census.id()) {
            return Some(worker);
        }
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// The worker whose parent this is: looking for a library may start other processes.
fn child_of(parent: u32) -> Option<i32> {
    fs::read_dir("/proc").unwrap().flatten().find_map(|entry| {
        let pid = entry.file_name().to_str()?.parse().ok()?;
        let stat = fs::read_to_string(entry.path().join("stat")).ok()?;
        // The name, in brackets, may hold anything.
        let mut rest = stat.rsplit_once(") ")?.1.split(' ');
        let is_child = rest.nth(1)?.parse() == Ok(parent);
        let command = fs::read(entry.path().join("cmdline")).ok()?;
        let is_worker = command.ends_with(b"--tfcensus-session-worker\0");
        (is_child && is_worker).then_some(pid)
    })
}

fn kill(pid: i32, signal: libc::c_int) {
    // SAFETY: a plain system call on a process that this test started.
    unsafe { libc::kill(pid, signal) };
}

fn is_gone(pid: i32) -> bool {
    let until = Instant::now() + Duration::from_secs(20);
    while Instant::now() < until {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        if stat.is_empty() || stat.contains(") Z ") {
            return true;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    false
}

#[test]
fn a_worker_killed_at_any_point_is_reported() {
    let model = fixture(FIXTURE.0);
    let mut reported = 0;
    for point in POINTS {
        let temporary = tempfile::tempdir().unwrap();
        let mut child = start(&model, temporary.path(), &["--runtime", "load"]);
        let worker = worker_of(&mut child);
        std::thread::sleep(Duration::from_millis(point));
        if let Some(worker) = worker {
            kill(worker, libc::SIGKILL);
        }
        let census = Census::of(child.wait_with_output().unwrap());
        // It may have answered before.
        if census.code != Some(0) {
            census.is_unconfirmed();
            assert!(census.stderr.contains("kill"), "{point} ms: {}", census.stderr);
            reported += 1;
        }
        assert!(worker.is_none_or(is_gone), "{point} ms");
        assert!(names(temporary.path()).is_empty(), "{point} ms: {:?}", names(temporary.path()));
    }
    assert!(reported >= 2, "no worker was caught alive");
}

#[test]
fn a_killed_parent_leaves_no_worker() {
    let mut caught = 0;
    for point in POINTS {
        let temporary = tempfile::tempdir().unwrap();
        let mut child = start(&fixture(FIXTURE.0), temporary.path(), &["--runtime", "load"]);
        let worker = worker_of(&mut child);
        std::thread::sleep(Duration::from_millis(point));
        child.kill().unwrap();
        caught += i32::from(child.wait().unwrap().signal() == Some(libc::SIGKILL));
        assert!(worker.is_none_or(is_gone), "{point} ms");
        assert!(names(temporary.path()).is_empty(), "{point} ms: {:?}", names(temporary.path()));
    }
    assert!(caught >= 2, "no census was caught alive");
}

#[test]
fn ctrl_c_leaves_no_process_and_no_file() {
    let model = Model::of(FIXTURE.0);
    let archive = model.tar();
    let mut caught = 0;
    for point in POINTS {
        for signal in [libc::SIGINT, libc::SIGTERM] {
            let temporary = tempfile::tempdir().unwrap();
            let mut child = start(&archive, temporary.path(), &["--runtime", "load"]);
            let worker = worker_of(&mut child);
            std::thread::sleep(Duration::from_millis(point));
            // As a terminal does it: to the whole group.
            kill(-i32::try_from(child.id()).unwrap(), signal);
            let out = child.wait_with_output().unwrap();
            let status = out.status;
            caught += i32::from(status.signal() == Some(signal));
            assert!(status.signal() == Some(signal) || status.success(), "{point} ms: {out:?}");
            assert!(worker.is_none_or(is_gone), "{point} ms");
            assert!(
                names(temporary.path()).is_empty(),
                "{point} ms: {:?}",
                names(temporary.path())
            );
        }
    }
    assert!(caught >= 4, "no census was caught alive");
}

#[test]
fn an_ignored_signal_stays_ignored() {
    let temporary = tempfile::tempdir().unwrap();
    let mut command = program(&fixture(FIXTURE.0), &["--runtime", "load"]);
    command.env("TMPDIR", temporary.path()).stdout(Stdio::piped()).stderr(Stdio::piped());
    // SAFETY: signal is safe to call between fork and exec.
    unsafe {
        command.pre_exec(|| {
            libc::signal(libc::SIGHUP, libc::SIG_IGN);
            Ok(())
        });
    }
    let mut child = command.spawn().unwrap();
    worker_of(&mut child);
    kill(i32::try_from(child.id()).unwrap(), libc::SIGHUP);
    Census::of(child.wait_with_output().unwrap()).is_verified("load");
}

#[test]
fn a_deadline_ends_the_session_and_not_the_census() {
    let census = count(&fixture(FIXTURE.0), &["--timeout", "0.02"]);
    census.is_unconfirmed();
    assert!(census.stderr.contains("--timeout"), "{}", census.stderr);
}

#[test]
fn too_little_memory_is_said_clearly() {
    // The library alone takes more address space than this.
    for limit in ["50MB", "400MB"] {
        let census = count(&fixture(FIXTURE.0), &["--memory-limit", limit]);
        census.is_unconfirmed();
        assert!(census.stderr.contains("memory"), "{limit}: {}", census.stderr);
    }
}
