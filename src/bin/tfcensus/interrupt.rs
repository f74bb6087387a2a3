//! Removes temporary folders when a signal ends the program.

use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM};
use signal_hook::iterator::Signals;
use signal_hook::low_level::emulate_default_handler;

/// Has a thread wait for the signals that end a program; it cleans up, then ends the program as
/// the signal would have done, so that shells see the same.
pub fn clean_up_when_ended() {
    let wanted = [SIGINT, SIGTERM, SIGHUP, SIGQUIT].into_iter().filter(|s| !is_ignored(*s));
    // Without that thread the folders stay until the next run, which removes abandoned ones.
    let Ok(mut signals) = Signals::new(wanted) else { return };
    let _ = std::thread::Builder::new().name("signals".into()).spawn(move || {
        for signal in signals.forever() {
            tfcensus::remove_temporary_folders();
            let _ = emulate_default_handler(signal);
        }
    });
}

/// Whether the signal was ignored when the program started, as under `nohup` or after `&` in a
/// plain shell. Such a program must survive the signal.
fn is_ignored(signal: libc::c_int) -> bool {
    // SAFETY: without a new action the call only fills in the old one, which is plain memory.
    unsafe {
        let mut action: libc::sigaction = std::mem::zeroed();
        libc::sigaction(signal, std::ptr::null(), &mut action) == 0
            && action.sa_sigaction == libc::SIG_IGN
    }
}
