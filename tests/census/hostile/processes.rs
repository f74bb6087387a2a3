//! The worker process and its parent, each ended at several points.

use std::fs;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::time::Duration;

use super::model::Model;
use super::{Census, FIXTURE, count};
use crate::common::process::{Running, send, wait_for_end, wait_until};
use crate::common::{self, fixture, names, require_library};

/// Milliseconds after the start of the worker: it maps the library, loads the model, reads the
/// variables, or has finished.
const POINTS: [u64; 6] = [0, 30, 150, 400, 900, 1500];

/// A running census of a model by a full load, with its folder for temporary files.
struct Loading {
    program: Running,
    temporary: tempfile::TempDir,
}

impl Loading {
    fn start(model: &Path, ignored: Option<libc::c_int>) -> Loading {
        require_library();
        let temporary = tempfile::tempdir().unwrap();
        let mut command = common::count(model, &["--runtime", "load"]);
        command.env("TMPDIR", temporary.path()).process_group(0);
        Loading { program: Running::start_ignoring(&mut command, ignored), temporary }
    }

    /// The PID of the worker, once there is one; `None` if the census ends first.
    fn worker(&mut self) -> Option<libc::pid_t> {
        let mut worker = None;
        wait_until("the worker", || {
            worker = child_of(self.program.pid());
            worker.is_some() || self.program.has_ended()
        });
        worker
    }

    /// Waits for the end, which leaves no worker and no file.
    fn end(self, worker: Option<libc::pid_t>) -> Census {
        let census = self.program.end().into();
        if let Some(worker) = worker {
            wait_for_end(worker);
        }
        assert_eq!(names(self.temporary.path()), Vec::<String>::new());
        census
    }
}

/// The worker of this parent, whose search for a library may start other processes as well.
fn child_of(parent: libc::pid_t) -> Option<libc::pid_t> {
    fs::read_dir("/proc").unwrap().flatten().find_map(|entry| {
        let pid = entry.file_name().to_str()?.parse().ok()?;
        let stat = fs::read_to_string(entry.path().join("stat")).ok()?;
        // The name, in brackets, may contain any characters.
        let mut rest = stat.rsplit_once(") ")?.1.split(' ');
        let is_child = rest.nth(1)?.parse() == Ok(parent);
        let command = fs::read(entry.path().join("cmdline")).ok()?;
        let is_worker = command.ends_with(b"--tfcensus-session-worker\0");
        (is_child && is_worker).then_some(pid)
    })
}

#[test]
fn a_worker_killed_at_any_point_is_reported() {
    let mut reported = 0;
    for point in POINTS {
        let mut loading = Loading::start(&fixture(FIXTURE.0), None);
        let worker = loading.worker();
        std::thread::sleep(Duration::from_millis(point));
        if let Some(worker) = worker {
            send(worker, libc::SIGKILL);
        }
        let census = loading.end(worker);
        // The worker may have answered before.
        if census.code != Some(0) {
            census.is_unconfirmed();
            assert!(census.stderr.contains("kill"), "{point} ms: {}", census.stderr);
            reported += 1;
        }
    }
    assert!(reported >= 2, "every worker had answered before its SIGKILL");
}

#[test]
fn a_killed_parent_leaves_no_worker() {
    let mut killed = 0;
    for point in POINTS {
        let mut loading = Loading::start(&fixture(FIXTURE.0), None);
        let worker = loading.worker();
        std::thread::sleep(Duration::from_millis(point));
        loading.program.send(libc::SIGKILL);
        killed += i32::from(loading.end(worker).signal == Some(libc::SIGKILL));
    }
    assert!(killed >= 2, "every census had ended before its SIGKILL");
}

#[test]
fn ctrl_c_leaves_no_process_and_no_file() {
    let model = Model::of(FIXTURE.0);
    let archive = model.tar();
    let mut ended = 0;
    for point in POINTS {
        for signal in [libc::SIGINT, libc::SIGTERM] {
            let mut loading = Loading::start(&archive, None);
            let worker = loading.worker();
            std::thread::sleep(Duration::from_millis(point));
            // A terminal sends the signal to the whole process group.
            send(-loading.program.pid(), signal);
            let census = loading.end(worker);
            let by_signal = census.signal == Some(signal);
            assert!(by_signal || census.code == Some(0), "{point} ms: {}", census.stderr);
            ended += i32::from(by_signal);
        }
    }
    assert!(ended >= 4, "every census had ended before its signal");
}

#[test]
fn an_ignored_signal_stays_ignored() {
    let mut loading = Loading::start(&fixture(FIXTURE.0), Some(libc::SIGHUP));
    let worker = loading.worker();
    loading.program.send(libc::SIGHUP);
    loading.end(worker).is_verified("load");
}

#[test]
fn the_time_limit_ends_the_session_and_not_the_count() {
    let census = count(&fixture(FIXTURE.0), &["--timeout", "0.02"]);
    census.is_unconfirmed();
    assert!(census.stderr.contains("--timeout"), "{}", census.stderr);
}

#[test]
fn a_session_without_enough_memory_is_reported() {
    // The library alone takes more address space than this.
    for limit in ["50MB", "400MB"] {
        let census = count(&fixture(FIXTURE.0), &["--memory-limit", limit]);
        census.is_unconfirmed();
        assert!(census.stderr.contains("memory"), "{limit}: {}", census.stderr);
    }
}
