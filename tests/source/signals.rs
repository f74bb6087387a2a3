//! Temporary files after a signal: the program removes them itself, and after SIGKILL the next run does.

use std::fs::{self, File};
use std::io::{Seek, SeekFrom, Write};
use std::path::Path;
use std::time::Duration;

use crate::common::archive::{SHARD, tar_gz};
use crate::common::loopback::{Reply, Server};
use crate::common::process::{Running, wait_until};
use crate::common::world::World;
use crate::common::{Run, fixture, names};
use crate::{YAMNET, YAMNET_SHA1};

/// A `.tar` with a second file of 500 GiB, all holes: a test ends before it is unpacked.
fn endless_archive(path: &Path) {
    let mut file = File::create(path).unwrap();
    let model = fs::read(fixture("lenet5").join("saved_model.pb")).unwrap();
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
    entry(SHARD, 500 << 30, &[]);
    let end = file.stream_position().unwrap() + 1024;
    file.set_len(end).unwrap();
}

/// Starts to unpack the archive and returns while the program is at it.
fn unpacking(world: &World, archive: &Path, ignored: Option<libc::c_int>) -> Running {
    let mut command = world.command(&["count", "--runtime", "off", archive.to_str().unwrap()]);
    let program = Running::start_ignoring(&mut command, ignored);
    wait_until("the unpacked folder", || {
        let has_model = |name: &String| world.path("tmp").join(name).join("model/saved_model.pb");
        world.left_in_tmp().iter().any(|name| has_model(name).exists())
    });
    program
}

#[test]
fn a_signal_removes_unpacked_files_and_ends_the_program_by_itself() {
    let world = World::new();
    let archive = world.path("endless.tar");
    endless_archive(&archive);
    for signal in [libc::SIGINT, libc::SIGTERM, libc::SIGHUP, libc::SIGQUIT] {
        let mut program = unpacking(&world, &archive, None);
        program.send(signal);
        let done = program.end();
        assert_eq!(done.signal, Some(signal), "{}", done.stderr);
        world.assert_tmp_is_empty();
    }
}

#[test]
fn an_ignored_signal_stays_ignored() {
    let world = World::new();
    let archive = world.path("endless.tar");
    endless_archive(&archive);
    let mut program = unpacking(&world, &archive, Some(libc::SIGHUP));
    program.send(libc::SIGHUP);
    std::thread::sleep(Duration::from_millis(300));
    assert!(!program.has_ended());
    assert_eq!(world.left_in_tmp().len(), 1);
    program.send(libc::SIGTERM);
    assert_eq!(program.end().signal, Some(libc::SIGTERM));
    world.assert_tmp_is_empty();
}

#[test]
fn the_run_after_a_kill_removes_the_files_left_by_it() {
    let world = World::new();
    let archive = world.path("endless.tar");
    endless_archive(&archive);
    let mut program = unpacking(&world, &archive, None);
    program.send(libc::SIGKILL);
    program.end();
    assert_eq!(world.left_in_tmp().len(), 1, "a killed program cannot clean up");
    let small = world.path("small.tar.gz");
    fs::write(&small, tar_gz(&fixture("lenet5"), ".")).unwrap();
    let arguments = ["count", "--quiet", "--runtime", "off", small.to_str().unwrap()];
    let done = world.command(&arguments).run();
    assert_eq!(done.stdout, "61706\n", "{}", done.stderr);
    world.assert_tmp_is_empty();
}

/// A download that a signal ends halfway, and the one that completes it.
fn interrupted_download(signal: libc::c_int, left: &[String]) {
    let world = World::new();
    let body = tar_gz(&fixture("lenet5"), ".");
    let half = body.len() / 2;
    let server = Server::start(move |request| {
        let reply = Reply::file(request, &body, "\"1\"");
        match request.header("Range") {
            None => reply.cut_at(half).stalling(Duration::from_secs(30)),
            Some(_) => reply,
        }
    });
    let arguments = ["count", "--quiet", "--runtime", "off", YAMNET];
    let mut program = Running::start(&mut world.mirrored(&server.url, &arguments));
    let cache = world.path("tfhub");
    let part = cache.join(format!("{YAMNET_SHA1}.part"));
    wait_until("half of the download", || {
        fs::metadata(&part).is_ok_and(|file| file.len() == half as u64)
    });
    program.send(signal);
    let done = program.end();
    assert_eq!(done.signal, Some(signal), "{}", done.stderr);
    let unnamed = |name: &String| !name.ends_with(".tmp");
    let found: Vec<String> = names(&cache).into_iter().filter(unnamed).collect();
    assert_eq!(found, left);
    let listed = world.command(&["list", "--format", "csv"]).run();
    assert_eq!(listed.code, Some(1));
    assert!(listed.stdout.contains(",partial,"), "{}", listed.stdout);

    let done = world.mirrored(&server.url, &arguments).run();
    assert_eq!(done.stdout, "61706\n", "{}", done.stderr);
    let range = format!("bytes={half}-");
    assert_eq!(server.requests()[1].header("Range"), Some(range.as_str()), "continued");
    assert_eq!(names(&cache), [YAMNET_SHA1.to_owned(), format!("{YAMNET_SHA1}.descriptor.txt")]);
}

#[test]
fn a_signal_during_a_download_leaves_its_part_and_no_lock() {
    let left = ["part", "part.json"].map(|end| format!("{YAMNET_SHA1}.{end}"));
    interrupted_download(libc::SIGTERM, &left);
}

#[test]
fn the_lock_of_a_killed_download_is_taken_over() {
    let left = ["lock", "part", "part.json"].map(|end| format!("{YAMNET_SHA1}.{end}"));
    interrupted_download(libc::SIGKILL, &left);
}
