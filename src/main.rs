//! The command `linchpin`. Hands over to `command`, and ends with the exit code that it is given.

mod command;

use std::process::ExitCode;

fn main() -> ExitCode {
    command::main()
}
