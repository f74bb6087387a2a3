//! Landlock: a few places may be read, nothing may be written, created, renamed or removed; no TCP,
//! no socket of another program, no signal to one.
//!
//! The places of the system are those that TensorFlow 2.12 to 2.21 was seen to open behind the
//! walls (`strace`), or that the C library opens when it needs another library. A place that does
//! not exist is left out. TensorFlow does without any of them: it then knows less of the processor.

use std::path::{Path, PathBuf};

use landlock::{
    ABI, Access, AccessFs, AccessNet, CompatLevel, Compatible, PathBeneath, PathFd, Ruleset,
    RulesetAttr, RulesetCreated, RulesetCreatedAttr, RulesetStatus, Scope,
};

use super::needs::Needs;

/// What may be read of the system.
const SYSTEM: &[&str] = &[
    // Libraries that are loaded when they are first needed, and what says where they are.
    "/lib",
    "/lib64",
    "/usr/lib",
    "/usr/lib64",
    "/usr/local/lib",
    "/nix/store",
    "/etc/ld.so.cache",
    // Random seeds.
    "/dev/urandom",
    "/dev/random",
    "/dev/null",
    // Processors and their caches, and how many of them this process may use.
    "/proc/cpuinfo",
    "/proc/meminfo",
    "/proc/stat",
    "/proc/self/cgroup",
    "/proc/self/cpuset",
    "/proc/self/maps",
    "/proc/self/status",
    "/sys/bus/cpu",
    "/sys/bus/node",
    "/sys/devices/system",
    "/sys/fs/cgroup",
    "/sys/kernel/mm/transparent_hugepage",
    // Local time, in what the library logs.
    "/etc/localtime",
    "/usr/share/zoneinfo",
];

/// What the drivers of graphics processors read besides.
const GPU_READABLE: &[&str] = &[
    "/proc/driver/nvidia",
    "/sys/bus/pci",
    "/sys/devices",
    "/sys/module/nvidia",
    "/usr/local/cuda",
    "/opt/rocm",
];

/// The names with which the devices of graphics processors begin, in `/dev`.
const GPU_DEVICES: &[&str] = &["nvidia", "dri", "kfd"];

/// The newest interface that is asked for. What an older kernel lacks is left out.
const NEWEST: ABI = ABI::V6;

/// Restricts this thread and every thread that it starts.
pub(super) fn restrict(needs: &Needs) -> Result<(), String> {
    // An older kernel restricts no thread that exists already.
    let threads = std::fs::read_dir("/proc/self/task").map_or(1, Iterator::count);
    if threads > 1 {
        return Err(format!("the library has started {} threads", threads - 1));
    }
    let status = ruleset(needs)
        .and_then(RulesetCreated::restrict_self)
        .map_err(|error| error.to_string())?;
    match status.ruleset {
        RulesetStatus::NotEnforced => Err("the kernel does not have it, or has it off".into()),
        _ => Ok(()),
    }
}

fn ruleset(needs: &Needs) -> Result<RulesetCreated, landlock::RulesetError> {
    let read = AccessFs::ReadFile | AccessFs::ReadDir;
    let mut rules = Ruleset::default()
        .set_compatibility(CompatLevel::BestEffort)
        .handle_access(AccessFs::from_all(NEWEST))?
        .handle_access(AccessNet::from_all(NEWEST))?
        .scope(Scope::from_all(NEWEST))?
        .create()?;
    let system = SYSTEM.iter().map(Path::new);
    let readable = system.chain(needs.readable.iter().map(PathBuf::as_path));
    for path in readable {
        rules = allow(rules, path, read)?;
    }
    if needs.gpu {
        for path in GPU_READABLE {
            rules = allow(rules, Path::new(path), read)?;
        }
        for path in gpu_devices() {
            rules = allow(rules, &path, read | AccessFs::WriteFile | AccessFs::IoctlDev)?;
        }
    }
    Ok(rules)
}

/// Adds a rule for a path that exists.
fn allow(
    rules: RulesetCreated,
    path: &Path,
    mut access: landlock::BitFlags<AccessFs>,
) -> Result<RulesetCreated, landlock::RulesetError> {
    let Ok(fd) = PathFd::new(path) else { return Ok(rules) };
    if !path.is_dir() {
        // The kernel refuses rights of folders for anything else.
        access &= AccessFs::from_file(NEWEST);
    }
    rules.add_rule(PathBeneath::new(fd, access))
}

fn gpu_devices() -> Vec<PathBuf> {
    let entries = std::fs::read_dir("/dev").into_iter().flatten().flatten();
    let paths = entries.filter(|entry| {
        entry.file_name().to_str().is_some_and(|n| GPU_DEVICES.iter().any(|d| n.starts_with(d)))
    });
    paths.map(|entry| entry.path()).collect()
}
