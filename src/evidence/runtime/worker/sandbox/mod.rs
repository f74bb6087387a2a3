//! The walls around the worker: what the kernel refuses to this process, whatever the model makes
//! TensorFlow do.
//!
//! They go up once the library is bound and before the first byte of a model is read, for this
//! thread and all that it starts, and nothing takes them down. `paths` (Landlock) closes the file
//! system but for reading a few places; `calls` (seccomp) closes every system call that a census
//! does not need, writing, sockets and new processes among them. Each holds without the other. What
//! they refuse fails with an error, so that TensorFlow reports it and the census goes on.

#[cfg(target_os = "linux")]
mod calls;
mod needs;
#[cfg(target_os = "linux")]
mod paths;

pub(super) use self::needs::Needs;
use crate::model::Sandbox;

/// Which walls hold, and why the others do not.
#[derive(Debug)]
pub(super) struct Walls {
    /// Those that hold.
    pub sandbox: Sandbox,
    /// Why not all of them do, for a person; empty where they do.
    pub missing: String,
}

impl Walls {
    #[cfg(target_os = "linux")]
    fn new(paths: Result<(), String>, calls: Result<(), String>) -> Walls {
        let sandbox = match (&paths, &calls) {
            (Ok(()), Ok(())) => Sandbox::LandlockAndSeccomp,
            (Ok(()), Err(_)) => Sandbox::Landlock,
            (Err(_), Ok(())) => Sandbox::Seccomp,
            (Err(_), Err(_)) => Sandbox::None,
        };
        let reasons = [("Landlock", paths), ("seccomp", calls)];
        let reasons = reasons.into_iter().filter_map(|(wall, held)| Some((wall, held.err()?)));
        let missing: Vec<String> =
            reasons.map(|(wall, reason)| format!("no {wall}: {reason}")).collect();
        Walls { sandbox, missing: missing.join("; ") }
    }
}

/// Puts the walls up.
#[cfg(target_os = "linux")]
pub(super) fn raise(needs: &Needs) -> Walls {
    // First: the calls that restrict paths are not needed any more behind the other wall.
    let paths = paths::restrict(needs);
    // Devices need system calls that only a restriction of paths makes harmless.
    let calls = calls::restrict(needs.gpu && paths.is_ok());
    Walls::new(paths, calls)
}

/// Other systems than Linux have no such walls.
#[cfg(not(target_os = "linux"))]
pub(super) fn raise(_: &Needs) -> Walls {
    Walls { sandbox: Sandbox::None, missing: "only Linux has Landlock and seccomp".into() }
}
