//! What is temporary goes when a signal ends the program, too.

use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM};
use signal_hook::iterator::Signals;
use signal_hook::low_level::emulate_default_handler;

/// Has a thread wait for the signals that end a program; it cleans up, then ends the program as
/// the signal would have done, so that shells see the same.
pub fn clean_up_when_ended() {
    let wanted = [SIGINT, SIGTERM, SIGHUP, SIGQUIT].into_iter().filter(|s| !is_ignored(*s));
    // Without that thread the next run removes what this one leaves.
    let Ok(mut signals) = Signals::new(wanted) else { return };
    let _ = std::thread::Builder::new().name("signals".into()).spawn(move || {
        for signal in signals.forever() {
            tfcensus::remove_temporary_folders();
            let _ = emulate_default_handler(signal);
        }
    });
}

/// Whether whoever started the program wants it to live on: `nohup`, or `&` in a plain shell.
fn is_ignored(signal: libc::c_int) -> bool {
    // SAFETY: without a new action the call only fills in the old one, which is plain memory.
    unsafe {
        let mut action: libc::sigaction = std::mem::zeroed();
        libc::sigaction(signal, std::ptr::null(), &mut action) == 0
            && action.sa_sigaction == libc::SIG_IGN
    }
}
