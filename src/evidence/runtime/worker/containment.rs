//! What the worker process does to itself, so that neither the library nor the model can harm
//! anything else: limits, descriptors, signals, and its exit.

use std::fs::File;
use std::io;
use std::os::fd::RawFd;
use std::os::unix::fs::FileExt;

/// Ends the process at once: no destructor, no exit handler.
pub(super) fn exit_now(code: i32) -> ! {
    // SAFETY: _exit takes any number and does not return.
    unsafe { libc::_exit(code) }
}

/// Closes every descriptor beyond the standard three. Must come before anything opens one.
pub(super) fn close_inherited() {
    #[cfg(target_os = "linux")]
    {
        // SAFETY: nothing in this process owns a descriptor yet. Linux 5.9 and later.
        let closed = unsafe { libc::syscall(libc::SYS_close_range, 3u32, u32::MAX, 0u32) };
        if closed == 0 {
            return;
        }
    }
    let folder = if cfg!(target_os = "linux") { "/proc/self/fd" } else { "/dev/fd" };
    let open: Vec<RawFd> = std::fs::read_dir(folder)
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .filter(|fd| *fd > 2)
        .collect();
    for fd in open {
        // SAFETY: as above; the folder's own descriptor is closed already, which does no harm.
        unsafe { libc::close(fd) };
    }
}

/// Moves stdin and stdout to descriptors that the library does not know, and puts `/dev/null` and
/// stderr in their places. Gives the new descriptors.
pub(super) fn move_standard_streams() -> Option<(RawFd, RawFd)> {
    // SAFETY: plain system calls on descriptors 0 to 2, before any other thread runs.
    unsafe {
        let stdin = libc::fcntl(0, libc::F_DUPFD_CLOEXEC, 3);
        let stdout = libc::fcntl(1, libc::F_DUPFD_CLOEXEC, 3);
        let nothing = libc::open(c"/dev/null".as_ptr(), libc::O_RDONLY | libc::O_CLOEXEC);
        let moved = stdin >= 0
            && stdout >= 0
            && nothing >= 0
            && libc::dup2(nothing, 0) == 0
            && libc::dup2(2, 1) == 1;
        libc::close(nothing);
        moved.then_some((stdin, stdout))
    }
}

/// Merges small pieces of memory when they are freed. By default glibc keeps them apart and merges
/// all of them whenever a large piece is freed; loading a graph frees many of both.
pub(super) fn merge_freed_memory() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    // SAFETY: mallopt sets a number that later calls of malloc and free look at.
    unsafe {
        libc::mallopt(libc::M_MXFAST, 0);
    }
}

/// A crash leaves no core dump: it would take gigabytes, and contain the model.
pub(super) fn no_core_dump() {
    let none = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: the struct lives through the call. Lowering a limit is always allowed.
    unsafe { libc::setrlimit(libc::RLIMIT_CORE, &none) };
}

/// Limits the address space.
pub(super) fn limit_memory(bytes: u64) -> io::Result<()> {
    let bytes = libc::rlim_t::try_from(bytes).unwrap_or(libc::RLIM_INFINITY);
    let limit = libc::rlimit { rlim_cur: bytes, rlim_max: bytes };
    // SAFETY: the struct lives through the call.
    match unsafe { libc::setrlimit(libc::RLIMIT_AS, &limit) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}

/// Has the kernel kill this process when its parent ends. On other systems than Linux, only the end
/// of stdin ends it.
pub(super) fn die_with_parent(parent: u32) {
    #[cfg(target_os = "linux")]
    // SAFETY: plain system calls.
    unsafe {
        libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL);
        // Too late if the parent is gone already.
        if u32::try_from(libc::getppid()) != Ok(parent) {
            exit_now(1);
        }
    }
    #[cfg(not(target_os = "linux"))]
    let _ = parent;
}

/// Signals are blocked until this is dropped.
pub(super) struct HeldOff(libc::sigset_t);

/// Blocks the signals that end a process, except SIGKILL.
pub(super) fn hold_off_signals() -> HeldOff {
    // SAFETY: both sets are plain memory that the calls fill in.
    unsafe {
        let mut set: libc::sigset_t = std::mem::zeroed();
        let mut before: libc::sigset_t = std::mem::zeroed();
        libc::sigemptyset(&mut set);
        for signal in [libc::SIGINT, libc::SIGTERM, libc::SIGHUP, libc::SIGQUIT] {
            libc::sigaddset(&mut set, signal);
        }
        libc::pthread_sigmask(libc::SIG_BLOCK, &set, &mut before);
        HeldOff(before)
    }
}

impl Drop for HeldOff {
    fn drop(&mut self) {
        // SAFETY: the set was filled in by pthread_sigmask.
        unsafe { libc::pthread_sigmask(libc::SIG_SETMASK, &self.0, std::ptr::null_mut()) };
    }
}

/// Peak resident memory of this process. Its file is opened before the walls are up, behind which it
/// may be out of reach.
///
/// Not from `getrusage`: its figure includes the time before `exec`, when the process was a copy of
/// its parent.
pub(super) struct PeakMemory(Option<File>);

impl PeakMemory {
    pub fn new() -> PeakMemory {
        PeakMemory(File::open("/proc/self/status").ok())
    }

    /// In bytes; `None` where the system does not say.
    pub fn bytes(&self) -> Option<u64> {
        let mut status = [0; 4096];
        let len = self.0.as_ref()?.read_at(&mut status, 0).ok()?;
        let status = String::from_utf8_lossy(status.get(..len)?);
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
        let kilobytes: u64 = line.trim().strip_suffix(" kB")?.trim().parse().ok()?;
        kilobytes.checked_mul(1024)
    }
}
