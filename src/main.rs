//! The command `linchpin`. Hands over to `command`, and ends with the exit code that it is given.

#[expect(clippy::disallowed_methods, reason = "files, clock and terminal are the command's")]
mod command;

use std::process::ExitCode;

fn main() -> ExitCode {
    command::main()
}
