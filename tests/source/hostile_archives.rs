//! The hostile and damaged archives of `scripts/fixtures/make_hostile_archives.py`, as files and as
//! downloads: each is refused, the error says why and of which entry where one is at fault, and no
//! file of it is left.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::common::loopback::{Reply, Server};
use crate::common::world::World;
use crate::common::{Answer, Run, names, project};

#[test]
fn every_hostile_archive_is_refused_and_leaves_no_file() {
    let world = World::new();
    let archives = world.path("archives");
    let script = project("scripts/fixtures/make_hostile_archives.py");
    let written = Command::new("python3").arg(script).arg(&archives).run();
    assert_eq!(written.code, Some(0), "{}", written.stderr);
    let served = archives.clone();
    let server = Server::start(move |request| {
        let name = request.path().rsplit('/').nth(1).unwrap();
        Reply::file(request, &fs::read(served.join(name)).unwrap(), "\"1\"")
    });
    let expected = fs::read_to_string(archives.join("expected.tsv")).unwrap();
    let rows: Vec<(&str, &str)> =
        expected.lines().map(|line| line.split_once('\t').unwrap()).collect();
    assert!(rows.len() >= 38, "{} archives", rows.len());
    // The place of an entry with an absolute name.
    let evil = Path::new("/tmp/evil");
    assert!(!evil.exists());
    for (name, word) in rows {
        let file = archives.join(name).display().to_string();
        let handle = format!("https://tfhub.dev/hostile/{name}/1");
        // Downloads are always unpacked whole. The archive of a hundred thousand files is tested in
        // one way only: creating and removing them would take most of the time.
        let ways = match name.starts_with("many_entries") {
            true => &[(&file, "off")][..],
            false => &[(&file, "auto"), (&file, "off"), (&handle, "auto")],
        };
        for (model, runtime) in ways {
            let arguments = ["count", "--runtime", runtime, model];
            let Answer { code, stdout, stderr, .. } = world.mirrored(&server.url, &arguments).run();
            assert_eq!((code, stdout.as_str()), (Some(2), ""), "{name}: {stderr}");
            assert!(stderr.starts_with("error: ") && stderr.contains(word), "{name}: {stderr}");
            let place = format!("\n  where: {model}\n  do:    ");
            assert!(stderr.contains(&place), "{name}: {stderr}");
            assert_eq!(world.left_in_tmp(), Vec::<String>::new(), "{name}");
            assert_eq!(names(&world.path("tfhub")), Vec::<String>::new(), "{name}");
            assert!(!evil.exists() && !world.path("evil").exists(), "{name}");
        }
    }
}
