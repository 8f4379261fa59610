//! Ctrl-C, and being told to end (SIGTERM, SIGHUP): the first asks the run to stop, the second ends it at once, and
//! neither leaves a half-written file.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::{Exit, Failure, terminal};

static STOPPED: AtomicBool = AtomicBool::new(false);
/// The folder of files that are not in their place yet. Held while they are put there: that is not to be cut in two.
static DRAFT: Mutex<Option<PathBuf>> = Mutex::new(None);

/// From now on Ctrl-C stops cleanly. Not under `nohup`, whose runs are to outlive their terminal.
pub(super) fn listen() {
    if hang_ups_are_ignored() {
        return;
    }
    // Without a handler Ctrl-C ends the process, which leaves at worst a folder of unfinished files.
    let _ = ctrlc::set_handler(|| {
        if STOPPED.swap(true, Ordering::SeqCst) {
            if let Some(draft) = draft().as_deref() {
                let _ = std::fs::remove_dir_all(draft);
            }
            std::process::exit(Exit::Interrupted as i32);
        }
        terminal::err("\nstopping; Ctrl-C again ends at once\n");
    });
}

/// Whether this process was started to ignore SIGHUP, signal 1, where the system says so.
#[expect(clippy::disallowed_methods, reason = "asks the system which signals are ignored")]
fn hang_ups_are_ignored() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    ignored.is_some_and(|set| u64::from_str_radix(set.trim(), 16).is_ok_and(|set| set & 1 == 1))
}

/// Whether Ctrl-C was pressed.
pub(super) fn stopped() -> bool {
    STOPPED.load(Ordering::Relaxed)
}

/// Goes no further if Ctrl-C was pressed.
pub(super) fn check() -> Result<(), Failure> {
    if stopped() { Err(Failure::interrupted()) } else { Ok(()) }
}

/// Names the folder of unfinished files, or none.
pub(super) fn set_draft(path: Option<&Path>) {
    *draft() = path.map(Path::to_owned);
}

/// While this is held, no second Ctrl-C ends the process.
pub(super) fn undisturbed() -> MutexGuard<'static, Option<PathBuf>> {
    draft()
}

fn draft() -> MutexGuard<'static, Option<PathBuf>> {
    DRAFT.lock().unwrap_or_else(PoisonError::into_inner)
}
