//! The hostile and damaged archives of `scripts/fixtures/make_hostile_archives.py`, as files and as
//! downloads: each is refused with the entry named, and nothing of it is left anywhere.

mod loopback;
mod world;

use std::fs;
use std::path::Path;
use std::process::Command;

use loopback::{Reply, Server};
use world::{World, names, stderr};

#[test]
fn every_hostile_archive_is_refused_and_nothing_of_it_is_left() {
    let world = World::new();
    let archives = world.path("archives");
    let script =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts/fixtures/make_hostile_archives.py");
    let made = Command::new("python3").arg(script).arg(&archives).output().unwrap();
    assert!(made.status.success(), "{}", stderr(&made));
    let served = archives.clone();
    let server = Server::start(move |request| {
        let name = request.path().rsplit('/').nth(1).unwrap();
        Reply::file(request, &fs::read(served.join(name)).unwrap(), "\"1\"")
    });
    let expected = fs::read_to_string(archives.join("expected.tsv")).unwrap();
    let rows: Vec<(&str, &str)> =
        expected.lines().map(|line| line.split_once('\t').unwrap()).collect();
    assert!(rows.len() >= 38, "{} archives", rows.len());
    // An absolute name would have put it here.
    let evil = Path::new("/tmp/evil");
    assert!(!evil.exists());
    for (name, word) in rows {
        let file = archives.join(name).display().to_string();
        let handle = format!("https://tfhub.dev/hostile/{name}/1");
        // A download is unpacked whole, whatever is asked of it then. The archive of a hundred
        // thousand files is not, or making and removing them would take most of the time.
        let ways = match name.starts_with("many_entries") {
            true => &[(&file, "off")][..],
            false => &[(&file, "auto"), (&file, "off"), (&handle, "auto")],
        };
        for (model, runtime) in ways {
            let arguments = ["count", "--runtime", runtime, model];
            let done = world.mirrored(&server.url, &arguments).output().unwrap();
            let said = stderr(&done);
            assert_eq!(done.status.code(), Some(2), "{name}: {said}");
            assert!(done.stdout.is_empty(), "{name}");
            assert!(said.starts_with("error: ") && said.contains(word), "{name}: {said}");
            assert!(said.contains(&format!("\n  where: {model}\n  do:    ")), "{name}: {said}");
            assert_eq!(world.left_in_tmp(), Vec::<String>::new(), "{name}");
            assert_eq!(names(&world.path("tfhub")), Vec::<String>::new(), "{name}");
            assert!(!evil.exists() && !world.path("evil").exists(), "{name}");
        }
    }
}
