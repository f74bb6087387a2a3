//! The worker process from outside: fake workers that misbehave in every way, and the real one without
//! a model.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;
use tfcensus::internals::runtime::{
    Answer, Failure, FailureKind, LoadRequest, Location, RawBytes, VariableOp, locate, probe, start,
};
use tfcensus::model::Shape;
use tfcensus::{Observer, Options, Progress, RuntimeChoice, Silent};

use crate::common::process::{send, wait_for_end, wait_until};
use crate::common::{TFCENSUS, fixture, require_library};

const HELLO: &str = r#"{"event":"hello"}"#;
const READY: &str = r#"{"event":"ready","protocol":3,"tensorflow_version":"2.0.0","sandbox":"none","sandbox_lacks":""}"#;

fn options(worker: &Path) -> Options {
    Options::default().timeout(Duration::from_secs(20)).worker(worker)
}

fn some_library() -> Location {
    Location { library: Some("/nonexistent/libtensorflow.so".into()), ..Location::default() }
}

/// A worker that reads the start message and then runs a shell script.
struct Fake {
    folder: TempDir,
    program: PathBuf,
}

impl Fake {
    fn new(script: &str) -> Fake {
        Fake::without_hello(&format!("echo '{HELLO}'\n{script}"))
    }

    fn without_hello(script: &str) -> Fake {
        let folder = TempDir::new().unwrap();
        let program = folder.path().join("worker");
        let here = folder.path().display();
        let text = format!("#!/bin/sh\ncd '{here}'\necho $$ > pid\nread start\n{script}\n");
        // Another process writes the file. If this one did, the child of another test could inherit
        // the open descriptor between fork and exec, and a file open for writing cannot be executed.
        let mut writer = Command::new("sh")
            .args(["-c", "cat > worker && chmod +x worker"])
            .current_dir(folder.path())
            .stdin(Stdio::piped())
            .spawn()
            .unwrap();
        writer.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
        assert!(writer.wait().unwrap().success());
        Fake { folder, program }
    }

    /// Requests two variables.
    fn load(&self, options: &Options, observer: &dyn Observer) -> Result<Answer, Failure> {
        let variables = ["a", "b"].map(|node| VariableOp {
            node: node.into(),
            is_reference: false,
            read: None,
        });
        start(&some_library(), &[], options, observer)?.load(LoadRequest {
            model_dir: RawBytes::from(self.folder.path()),
            tags: Vec::new(),
            variables: variables.into(),
        })
    }

    fn fail(&self) -> Failure {
        self.load(&options(&self.program), &Silent).unwrap_err()
    }

    fn wait_for_end(&self) {
        wait_for_end(self.pid("pid"));
    }

    /// The PID that the script has written to this file.
    fn pid(&self, file: &str) -> libc::pid_t {
        fs::read_to_string(self.folder.path().join(file)).unwrap().trim().parse().unwrap()
    }
}

#[test]
fn accepts_an_answer_in_any_number_of_events() {
    let fake = Fake::new(&format!(
        r#"echo '{READY}'; read request
        echo '{{"event":"held","first":1,"held":[{{"dtype":1,"shape":[2,3]}}]}}'
        echo '{{"event":"held","first":0,"held":[{{"error":"no value"}}]}}'
        echo '{{"event":"undeclared","names":["c"]}}'
        echo '{{"event":"done","peak_bytes":4096}}'; read more"#
    ));
    let answer = fake.load(&options(&fake.program), &Silent).unwrap();
    assert_eq!(answer.ready.tensorflow_version, "2.0.0");
    assert_eq!(answer.peak_bytes, Some(4096));
    assert_eq!(answer.undeclared, ["c"]);
    assert_eq!(answer.held[0].error.as_deref(), Some("no value"));
    assert!(!answer.held[0].is_initialized());
    assert_eq!(answer.held[1].shape, Some(Shape(vec![2, 3])));
    fake.wait_for_end();
}

/// A worker that is asked for the variables is told keys of the checkpoint, and no node of the model.
#[test]
fn a_request_for_the_variables_names_no_node() {
    require_library();
    let fake = Fake::new(&format!("echo '{READY}'; read request; echo \"$request\" > request"));
    let model = fixture("module_shared");
    let options = options(&fake.program).runtime(RuntimeChoice::Variables);
    tfcensus::census(&model, &options).unwrap();
    let request = fs::read_to_string(fake.folder.path().join("request")).unwrap();
    let request: Value = serde_json::from_str(&request).unwrap();
    let restore = request["restore"].as_object().unwrap_or_else(|| panic!("{request}"));
    let parts: Vec<&str> = restore.keys().map(String::as_str).collect();
    assert_eq!(parts, ["prefix", "tensors", "batch_bytes", "stats"]);
    for tensor in restore["tensors"].as_array().unwrap() {
        let parts: Vec<&str> = tensor.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(parts, ["key", "slice", "dtype", "byte_len"]);
    }
}

#[test]
fn kills_a_worker_that_hangs() {
    let fake = Fake::new("sleep 1000 & echo $! > child; wait");
    let options = options(&fake.program).timeout(Duration::from_millis(300));
    let before = Instant::now();
    let failure = fake.load(&options, &Silent).unwrap_err();
    assert_eq!(failure.kind, FailureKind::TimedOut);
    assert!(failure.message.contains("0.3 s"), "{failure}");
    assert!(before.elapsed() < Duration::from_secs(10));
    fake.wait_for_end();
    send(fake.pid("child"), libc::SIGKILL);
}

#[test]
fn an_abort_is_a_crash_with_its_last_lines_of_stderr() {
    let fake = Fake::new(
        "echo '2026-01-01 00:00:00.000000: I core/platform.cc:1] chatter' >&2
         echo '2026-01-01 00:00:00.000000: F core/shape.cc:40] Check failed: size >= 0' >&2
         kill -ABRT $$",
    );
    let failure = fake.fail();
    assert_eq!(failure.kind, FailureKind::Crashed { signal: Some(6) });
    assert_eq!(failure.stderr_lines, ["core/shape.cc:40] Check failed: size >= 0"]);
    assert!(failure.message.contains("abort"), "{failure}");
}

#[test]
fn out_of_memory_is_not_a_crash() {
    let said = "terminate called after throwing an instance of '\\''std::bad_alloc'\\''";
    let failure = Fake::new(&format!("echo '{said}' >&2; kill -ABRT $$")).fail();
    assert_eq!(failure.kind, FailureKind::OutOfMemory);
}

#[test]
fn the_failure_names_the_exit_code_of_a_worker() {
    let failure = Fake::new("exit 7").fail();
    assert_eq!(failure.kind, FailureKind::Crashed { signal: None });
    assert!(failure.message.contains("code 7"), "{failure}");
}

#[test]
fn an_answer_without_a_request_is_a_protocol_error() {
    let held = |first: &str| format!(r#"{{"event":"held","first":{first},"held":[{{}},{{}}]}}"#);
    for said in [
        "TensorFlow says hello".to_string(),
        r#"{"event":"ready","protocol":4,"tensorflow_version":"2","sandbox":"none","sandbox_lacks":""}"#.into(),
        held("1"),
        held("18446744073709551615"),
        held("-1"),
    ] {
        let fake = Fake::new(&format!("echo '{said}'; read more; read evenmore"));
        let failure = fake.fail();
        assert_eq!(failure.kind, FailureKind::Protocol, "{said}: {failure}");
        fake.wait_for_end();
    }
}

#[test]
fn an_endless_answer_is_a_protocol_error() {
    let floods = [
        r#"yes '{"event":"step","step":"model"}'"#,
        "yes | tr -d '\\n'",
        r#"while :; do echo '{"event":"undeclared","names":["aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"]}'; done"#,
    ];
    for flood in floods {
        let failure = Fake::new(flood).fail();
        assert_eq!(failure.kind, FailureKind::Protocol, "{flood}: {failure}");
    }
}

#[test]
fn a_flood_on_stderr_does_not_block_the_worker() {
    let fake = Fake::new(&format!(
        r#"yes chatter | head -n 200000 >&2
        echo '{READY}'; read request; echo '{{"event":"done","peak_bytes":null}}'"#
    ));
    fake.load(&options(&fake.program), &Silent).unwrap();
}

#[test]
fn the_library_s_output_is_shown_on_request() {
    struct Lines(Mutex<Vec<Progress>>);
    impl Observer for Lines {
        fn notice(&self, progress: Progress) {
            self.0.lock().unwrap().push(progress);
        }
    }
    let fake = Fake::new(&format!(
        r#"echo 'I am chatter' >&2; sleep 0.2
        echo '{READY}'; read request; echo '{{"event":"step","step":"model"}}'
        echo '{{"event":"done","peak_bytes":null}}'"#
    ));
    let lines = Lines(Mutex::default());
    let shown = Progress::LibraryOutput("I am chatter".into());
    fake.load(&options(&fake.program).show_library_output(true), &lines).unwrap();
    let seen = std::mem::take(&mut *lines.0.lock().unwrap());
    assert!(seen.contains(&shown), "{seen:?}");
    assert!(seen.contains(&Progress::Step("loading the model".into())), "{seen:?}");

    fake.load(&options(&fake.program), &lines).unwrap();
    assert!(!lines.0.lock().unwrap().contains(&shown));
}

#[test]
fn a_dropped_worker_ends_at_once() {
    let fake = Fake::new("exec sleep 1000");
    let options = options(&fake.program);
    let worker = start(&some_library(), &[], &options, &Silent).unwrap();
    let pid = fake.folder.path().join("pid");
    wait_until("the worker's start", || pid.exists());
    drop(worker);
    fake.wait_for_end();
}

#[test]
fn a_program_that_does_not_greet_is_no_worker() {
    // It ends, says something else, and waits for a user.
    for (script, how) in
        [("exit 3", "code 3"), ("echo hello", "wrote"), ("exec sleep 1000", "nothing")]
    {
        let fake = Fake::without_hello(script);
        let failure = fake.load(&options(&fake.program).timeout(None), &Silent).unwrap_err();
        assert_eq!(failure.kind, FailureKind::NotAWorker, "{failure}");
        let message =
            format!("{} did not call tfcensus::serve_if_worker()", fake.program.display());
        assert!(failure.message.contains(&message) && failure.message.contains(how), "{failure}");
        fake.wait_for_end();
    }
    // A signal says nothing about what the program would have done.
    let failure = Fake::without_hello("kill -SEGV $$").fail();
    assert_eq!(failure.kind, FailureKind::Crashed { signal: Some(libc::SIGSEGV) });
}

#[test]
fn a_missing_worker_and_a_missing_library_are_failures() {
    let nowhere = Path::new("/nonexistent/worker");
    let failure = probe(&some_library(), &options(nowhere), &Silent).unwrap_err();
    assert_eq!(failure.kind, FailureKind::Protocol);
    let failure = probe(&Location::default(), &options(nowhere), &Silent).unwrap_err();
    assert_eq!(failure.kind, FailureKind::NoLibrary);
}

fn probe_file(library: &Path) -> Failure {
    let location = Location { library: Some(library.into()), ..Location::default() };
    probe(&location, &options(Path::new(TFCENSUS)), &Silent).unwrap_err()
}

#[test]
fn the_real_worker_names_the_reason_of_an_unusable_library() {
    let folder = TempDir::new().unwrap();
    let text = folder.path().join("libtensorflow.so");
    fs::write(&text, "no library").unwrap();
    let failure = probe_file(&text);
    assert_eq!(failure.kind, FailureKind::LibraryUnusable);
    assert!(failure.message.contains("libtensorflow.so"), "{failure}");
}

#[cfg(target_os = "linux")]
#[test]
fn the_real_worker_names_the_missing_function_of_a_library() {
    let maps = fs::read_to_string("/proc/self/maps").unwrap();
    let libc =
        maps.lines().filter_map(|l| l.split_whitespace().nth(5)).find(|p| p.contains("libc"));
    let failure = probe_file(Path::new(libc.unwrap()));
    assert_eq!(failure.kind, FailureKind::LibraryUnusable);
    assert!(failure.message.contains("lacks the function TF_"), "{failure}");
}

#[test]
fn the_real_worker_ends_with_its_stdin() {
    let mut worker = Command::new(TFCENSUS)
        .arg("--tfcensus-session-worker")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    drop(worker.stdin.take());
    let mut said = String::new();
    BufReader::new(worker.stdout.take().unwrap()).read_line(&mut said).unwrap();
    assert_eq!(said.trim_end(), HELLO);
    assert!(worker.wait().unwrap().success());
}

#[test]
fn the_real_worker_refuses_another_protocol() {
    let mut worker = Command::new(TFCENSUS)
        .arg("--tfcensus-session-worker")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let start = r#"{"start":{"protocol":999,"parent":1,"library":"/x","framework":null,
        "link_folder":"/nonexistent/x","memory_limit":null,"op_libraries":[],"readable":[],
        "allow_gpu":false,"threads":1}}"#;
    let mut stdin = worker.stdin.take().unwrap();
    writeln!(stdin, "{}", start.replace('\n', " ")).unwrap();
    let mut said = String::new();
    BufReader::new(worker.stdout.take().unwrap()).read_to_string(&mut said).unwrap();
    assert!(said.contains(r#""event":"failed""#) && said.contains("999"), "{said}");
    worker.wait().unwrap();
}

#[test]
fn the_real_library_has_a_version() {
    require_library();
    let ready = probe(&locate(None), &options(Path::new(TFCENSUS)), &Silent).unwrap();
    assert!(ready.tensorflow_version.starts_with("2."), "{ready:?}");
}
