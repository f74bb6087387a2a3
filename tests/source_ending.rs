//! Whatever ends the program, nothing temporary is left: at once after a signal, by the next run
//! after a kill.

mod loopback;
mod world;

use std::fs::{self, File};
use std::io::{Seek, SeekFrom, Write};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use loopback::{Reply, Server};
use world::{World, fixture, names, stderr, tar_gz};

const HANDLE: &str = "https://tfhub.dev/google/yamnet/1";
/// SHA-1 of HANDLE, as public issues of tensorflow/hub show it.
const SHA1: &str = "9616fd04ec2360621642ef9455b84f4b668e219e";

/// A `.tar` whose second file is so long, though it takes no room, that nobody ends unpacking it.
fn endless_archive(path: &Path) {
    let mut file = File::create(path).unwrap();
    let model = fs::read(fixture("lenet5").join("model/saved_model.pb")).unwrap();
    let mut entry = |name: &str, len: u64, bytes: &[u8]| {
        let mut header = tar::Header::new_ustar();
        header.set_path(name).unwrap();
        header.set_size(len);
        header.set_mode(0o644);
        header.set_cksum();
        file.write_all(header.as_bytes()).unwrap();
        file.write_all(bytes).unwrap();
        let rest = len.next_multiple_of(512) - bytes.len() as u64;
        file.seek(SeekFrom::Current(rest.try_into().unwrap())).unwrap();
    };
    entry("saved_model.pb", model.len() as u64, &model);
    entry("variables/variables.data-00000-of-00001", 500 << 30, &[]);
    let end = file.stream_position().unwrap() + 1024;
    file.set_len(end).unwrap();
}

fn start(command: &mut Command) -> Child {
    command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap()
}

fn send(child: &Child, signal: libc::c_int) {
    let pid = libc::pid_t::try_from(child.id()).unwrap();
    // SAFETY: a plain system call; the child has not been waited for, so its number is its own.
    assert_eq!(unsafe { libc::kill(pid, signal) }, 0);
}

fn wait_until(what: &str, mut done: impl FnMut() -> bool) {
    let started = Instant::now();
    while !done() {
        assert!(started.elapsed() < Duration::from_secs(60), "never came: {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Starts to unpack the archive, and comes back in the middle of it.
fn unpacking(world: &World, archive: &Path, prepare: impl FnOnce(&mut Command)) -> Child {
    let mut command = world.command(&["count", "--runtime", "off", archive.to_str().unwrap()]);
    prepare(&mut command);
    let child = start(&mut command);
    wait_until("the folder", || {
        let made = |name: &String| world.path("tmp").join(name).join("model/saved_model.pb");
        world.left_in_tmp().iter().any(|name| made(name).exists())
    });
    child
}

#[test]
fn a_signal_removes_what_was_unpacked_and_ends_the_program_as_it_does() {
    let world = World::new();
    let archive = world.path("endless.tar");
    endless_archive(&archive);
    for signal in [libc::SIGINT, libc::SIGTERM, libc::SIGHUP, libc::SIGQUIT] {
        let child = unpacking(&world, &archive, |_| {});
        send(&child, signal);
        let done = child.wait_with_output().unwrap();
        assert_eq!(done.status.signal(), Some(signal), "{}", stderr(&done));
        assert_eq!(world.left_in_tmp(), Vec::<String>::new(), "signal {signal}");
    }
}

#[test]
fn a_signal_that_was_to_be_ignored_is_ignored() {
    let world = World::new();
    let archive = world.path("endless.tar");
    endless_archive(&archive);
    let mut child = unpacking(&world, &archive, |command| {
        // As nohup does. SAFETY: signal() may be called between fork and exec.
        unsafe {
            command.pre_exec(|| {
                libc::signal(libc::SIGHUP, libc::SIG_IGN);
                Ok(())
            });
        }
    });
    send(&child, libc::SIGHUP);
    std::thread::sleep(Duration::from_millis(300));
    assert!(child.try_wait().unwrap().is_none(), "it lives on");
    assert_eq!(world.left_in_tmp().len(), 1);
    send(&child, libc::SIGTERM);
    assert_eq!(child.wait().unwrap().signal(), Some(libc::SIGTERM));
    assert_eq!(world.left_in_tmp(), Vec::<String>::new());
}

#[test]
fn the_run_after_a_kill_removes_what_that_left() {
    let world = World::new();
    let archive = world.path("endless.tar");
    endless_archive(&archive);
    let mut child = unpacking(&world, &archive, |_| {});
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(world.left_in_tmp().len(), 1, "nobody can clean up after SIGKILL but the next");
    let small = world.path("small.tar.gz");
    fs::write(&small, tar_gz(&fixture("lenet5").join("model"), ".")).unwrap();
    let arguments = ["count", "--quiet", "--runtime", "off", small.to_str().unwrap()];
    let done = world.command(&arguments).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&done.stdout), "61706\n", "{}", stderr(&done));
    assert_eq!(world.left_in_tmp(), Vec::<String>::new());
}

/// A download that is ended in its middle, and the one that finishes it.
fn interrupted_download(signal: libc::c_int, left: &[String]) {
    let world = World::new();
    let body = tar_gz(&fixture("lenet5").join("model"), ".");
    let half = body.len() / 2;
    let server = Server::start(move |request| {
        let reply = Reply::file(request, &body, "\"1\"");
        match request.header("Range") {
            None => reply.cut_at(half).stalling(Duration::from_secs(30)),
            Some(_) => reply,
        }
    });
    let arguments = ["count", "--quiet", "--runtime", "off", HANDLE];
    let child = start(&mut world.mirrored(&server.url, &arguments));
    let cache: PathBuf = world.path("tfhub");
    let part = cache.join(format!("{SHA1}.part"));
    wait_until("half of it", || fs::metadata(&part).is_ok_and(|file| file.len() == half as u64));
    send(&child, signal);
    let done = child.wait_with_output().unwrap();
    assert_eq!(done.status.signal(), Some(signal), "{}", stderr(&done));
    let unnamed = |name: &String| !name.ends_with(".tmp");
    let found: Vec<String> = names(&cache).into_iter().filter(unnamed).collect();
    assert_eq!(found, left);
    let listed = world.command(&["list", "--format", "csv"]).output().unwrap();
    assert_eq!(listed.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&listed.stdout).contains(",partial,"));

    let done = world.mirrored(&server.url, &arguments).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&done.stdout), "61706\n", "{}", stderr(&done));
    let range = format!("bytes={half}-");
    assert_eq!(server.requests()[1].header("Range"), Some(range.as_str()), "continued");
    assert_eq!(names(&cache), [SHA1.to_owned(), format!("{SHA1}.descriptor.txt")]);
}

#[test]
fn a_signal_in_a_download_leaves_what_has_arrived_and_no_lock() {
    let left = ["part", "part.json"].map(|end| format!("{SHA1}.{end}"));
    interrupted_download(libc::SIGTERM, &left);
}

#[test]
fn the_lock_of_a_killed_download_is_taken_over() {
    let left = ["lock", "part", "part.json"].map(|end| format!("{SHA1}.{end}"));
    interrupted_download(libc::SIGKILL, &left);
}
