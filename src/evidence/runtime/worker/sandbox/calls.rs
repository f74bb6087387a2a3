//! seccomp: a list of the system calls that a census needs; every other one fails.
//!
//! The list holds what TensorFlow 2.12 to 2.21 and the C library were seen to call behind the walls
//! (`strace`), and what else of the kind cannot reach beyond the process. A filter sees numbers, not
//! what a pointer leads to: a call whose harm stands in memory (`clone3`, `openat2`) is said not to
//! exist, and the C library uses an older one instead.

use std::collections::BTreeMap;

use libc::c_long;
use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter,
    SeccompRule, TargetArch,
};

type Rules = BTreeMap<i64, Vec<SeccompRule>>;

/// Calls that are harmless whatever their arguments are.
const HARMLESS: &[c_long] = &[
    // Memory.
    libc::SYS_brk,
    libc::SYS_madvise,
    libc::SYS_membarrier,
    libc::SYS_mincore,
    libc::SYS_mmap,
    libc::SYS_mprotect,
    libc::SYS_mremap,
    libc::SYS_munmap,
    // Threads of this process, and its end.
    libc::SYS_exit,
    libc::SYS_exit_group,
    libc::SYS_futex,
    libc::SYS_get_robust_list,
    libc::SYS_getcpu,
    libc::SYS_gettid,
    libc::SYS_restart_syscall,
    libc::SYS_rseq,
    libc::SYS_sched_get_priority_max,
    libc::SYS_sched_get_priority_min,
    libc::SYS_sched_getaffinity,
    libc::SYS_sched_getparam,
    libc::SYS_sched_getscheduler,
    libc::SYS_sched_yield,
    libc::SYS_set_robust_list,
    libc::SYS_set_tid_address,
    // Signals that it gets.
    libc::SYS_rt_sigaction,
    libc::SYS_rt_sigpending,
    libc::SYS_rt_sigprocmask,
    libc::SYS_rt_sigreturn,
    libc::SYS_rt_sigsuspend,
    libc::SYS_rt_sigtimedwait,
    libc::SYS_sigaltstack,
    // Time.
    libc::SYS_clock_getres,
    libc::SYS_clock_gettime,
    libc::SYS_clock_nanosleep,
    libc::SYS_gettimeofday,
    libc::SYS_nanosleep,
    libc::SYS_times,
    // Files that are open. None but the pipes to the parent is open for writing.
    libc::SYS_close,
    libc::SYS_dup,
    libc::SYS_dup3,
    libc::SYS_fadvise64,
    libc::SYS_fstat,
    libc::SYS_fstatfs,
    libc::SYS_getdents64,
    libc::SYS_lseek,
    libc::SYS_ppoll,
    libc::SYS_pread64,
    libc::SYS_preadv,
    libc::SYS_read,
    libc::SYS_readahead,
    libc::SYS_readv,
    libc::SYS_write,
    libc::SYS_writev,
    // Questions about files that are not, and the current folder, which is this process' own.
    libc::SYS_chdir,
    libc::SYS_faccessat,
    libc::SYS_faccessat2,
    libc::SYS_getcwd,
    libc::SYS_newfstatat,
    libc::SYS_readlinkat,
    libc::SYS_statfs,
    libc::SYS_statx,
    // Questions about the process and the system.
    libc::SYS_getegid,
    libc::SYS_geteuid,
    libc::SYS_getgid,
    libc::SYS_getpid,
    libc::SYS_getppid,
    libc::SYS_getrandom,
    libc::SYS_getrusage,
    libc::SYS_getuid,
    libc::SYS_sysinfo,
    libc::SYS_uname,
];

/// Older forms of such calls, which this architecture still has.
#[cfg(target_arch = "x86_64")]
const HARMLESS_OLD: &[c_long] = &[
    libc::SYS_access,
    libc::SYS_arch_prctl,
    libc::SYS_dup2,
    libc::SYS_getdents,
    libc::SYS_getpgrp,
    libc::SYS_getrlimit,
    libc::SYS_lstat,
    libc::SYS_poll,
    libc::SYS_readlink,
    libc::SYS_stat,
    libc::SYS_time,
];
#[cfg(not(target_arch = "x86_64"))]
const HARMLESS_OLD: &[c_long] = &[];

/// Calls whose arguments are out of a filter's sight.
const SAID_TO_BE_MISSING: &[c_long] = &[libc::SYS_clone3, libc::SYS_openat2];

/// Flags of an opening that writes, or makes a file. 3 is both bits of the access mode: anything but
/// `O_RDONLY`, which is 0. `O_TMPFILE` holds the bit of `O_DIRECTORY`, which is harmless.
const WRITES: u64 = 3
    | (libc::O_CREAT | libc::O_TRUNC | libc::O_APPEND | libc::O_TMPFILE & !libc::O_DIRECTORY)
        as u64;

/// `PR_SET_VMA`, by which memory is named in `/proc/self/maps`. Source: linux/prctl.h.
const PR_SET_VMA: u64 = 0x53_56_4d_41;

/// Restricts this thread and every other one of the process. With `devices`, files may be opened for
/// writing and devices controlled: for the drivers of graphics processors, where Landlock says which.
pub(super) fn restrict(devices: bool) -> Result<(), String> {
    let arch: TargetArch =
        std::env::consts::ARCH.try_into().map_err(|_| "not for this processor".to_owned())?;
    let missing = SAID_TO_BE_MISSING.iter().map(|call| (*call, Vec::new())).collect();
    // In this order: the list lets no further filter in.
    let filters = [
        filter(missing, libc::ENOSYS, false, arch)?,
        filter(allowed(devices).map_err(|e| e.to_string())?, libc::EPERM, true, arch)?,
    ];
    for filter in filters {
        seccompiler::apply_filter_all_threads(&filter).map_err(|error| error.to_string())?;
    }
    Ok(())
}

/// A filter that lets the listed calls through and refuses all others, or the other way round.
fn filter(
    rules: Rules,
    errno: libc::c_int,
    lets_through: bool,
    arch: TargetArch,
) -> Result<BpfProgram, String> {
    let refuse = SeccompAction::Errno(errno.unsigned_abs());
    let (others, listed) = match lets_through {
        true => (refuse, SeccompAction::Allow),
        false => (SeccompAction::Allow, refuse),
    };
    let filter = SeccompFilter::new(rules, others, listed, arch);
    filter.and_then(TryInto::try_into).map_err(|error| error.to_string())
}

/// The calls that are let through, each with its conditions.
fn allowed(devices: bool) -> Result<Rules, seccompiler::BackendError> {
    let harmless = HARMLESS.iter().chain(HARMLESS_OLD).chain(SAID_TO_BE_MISSING);
    let mut rules: Rules = harmless.map(|call| (*call, Vec::new())).collect();
    // Opening, for reading only. Whatever is refused here is refused by the missing permission too.
    let mut open = |call, flags| -> Result<(), seccompiler::BackendError> {
        let rule = if devices { Vec::new() } else { vec![rule(&[bits(flags, WRITES, 0)?])?] };
        rules.insert(call, rule);
        Ok(())
    };
    open(libc::SYS_openat, 2)?;
    #[cfg(target_arch = "x86_64")]
    open(libc::SYS_open, 1)?;
    // Threads, not processes, and in no other namespace.
    let thread = (libc::CLONE_THREAD | libc::CLONE_VM | libc::CLONE_SIGHAND) as u64;
    let namespaces = (libc::CLONE_NEWNS
        | libc::CLONE_NEWCGROUP
        | libc::CLONE_NEWUTS
        | libc::CLONE_NEWIPC
        | libc::CLONE_NEWUSER
        | libc::CLONE_NEWPID
        | libc::CLONE_NEWNET) as u64;
    rules.insert(libc::SYS_clone, vec![rule(&[bits(0, thread | namespaces, thread)?])?]);
    // Signals to this very process: `abort` sends one.
    let own = u64::from(std::process::id());
    rules.insert(libc::SYS_tgkill, vec![rule(&[is(0, own)?])?]);
    // Its own limits are read, not set: the new one is a null pointer.
    let null = SeccompCondition::new(2, SeccompCmpArgLen::Qword, SeccompCmpOp::Eq, 0)?;
    rules.insert(libc::SYS_prlimit64, vec![rule(&[is(0, 0)?, null])?]);
    // Names of threads and of memory. Not what ties this process to its parent.
    let names = [is(0, libc::PR_SET_NAME as u64)?, is(0, PR_SET_VMA)?];
    rules.insert(libc::SYS_prctl, one_of(names)?);
    // Flags of descriptors, and copies of them.
    let flags = [libc::F_GETFD, libc::F_SETFD, libc::F_GETFL, libc::F_DUPFD, libc::F_DUPFD_CLOEXEC];
    let flags = flags.map(|command| is(1, u64::from(command.unsigned_abs())));
    rules.insert(libc::SYS_fcntl, one_of(flags.into_iter().collect::<Result<Vec<_>, _>>()?)?);
    // Whether a descriptor is a terminal.
    let control = if devices { Vec::new() } else { one_of([is(1, libc::TCGETS)?])? };
    rules.insert(libc::SYS_ioctl, control);
    Ok(rules)
}

/// Every condition must hold.
fn rule(conditions: &[SeccompCondition]) -> Result<SeccompRule, seccompiler::BackendError> {
    SeccompRule::new(conditions.to_vec())
}

/// One of these conditions must hold.
fn one_of(
    conditions: impl IntoIterator<Item = SeccompCondition>,
) -> Result<Vec<SeccompRule>, seccompiler::BackendError> {
    conditions.into_iter().map(|condition| rule(&[condition])).collect()
}

/// The argument, of 32 bits, is this number.
fn is(argument: u8, value: u64) -> Result<SeccompCondition, seccompiler::BackendError> {
    SeccompCondition::new(argument, SeccompCmpArgLen::Dword, SeccompCmpOp::Eq, value)
}

/// Of these bits of the argument just those of `value` are set.
fn bits(
    argument: u8,
    bits: u64,
    value: u64,
) -> Result<SeccompCondition, seccompiler::BackendError> {
    let operator = SeccompCmpOp::MaskedEq(bits);
    SeccompCondition::new(argument, SeccompCmpArgLen::Dword, operator, value)
}
