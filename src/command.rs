//! The command line: arguments to the library, the library's values to files and terminal. The only place that
//! prints, reads the clock or touches a file; computes no figure.

mod account;
mod amount;
mod arguments;
mod check;
mod explain;
mod exposure;
mod failed;
mod folder;
mod interrupt;
mod list;
mod memory;
mod merge;
mod new;
mod open;
mod run;
mod sampling;
mod saving;
mod stress;
mod summary;
mod terminal;
mod value;
mod verdict;
mod written;

use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{CommandFactory, Parser, Subcommand};

/// How the command ends; the numbers are promised in `--help`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// All was done.
    Done = 0,
    /// Arguments that make no sense, alone or together, or a run that this machine cannot hold.
    Usage = 2,
    /// A scenario with problems.
    Scenario = 3,
    /// A file that could not be read or written.
    Io = 4,
    /// Stopped by Ctrl-C or told to end; as shells count the former, 128 + SIGINT.
    Interrupted = 130,
}

/// Why the command did not do all it was asked.
#[derive(Debug)]
struct Failure {
    exit: Exit,
    /// One line; empty if all has been said.
    message: String,
}

impl Failure {
    fn new(exit: Exit, message: impl Into<String>) -> Self {
        Self { exit, message: message.into() }
    }

    /// `doing`: what was tried, to which file.
    fn io(doing: &str, path: &Path, error: &io::Error) -> Self {
        Self::new(Exit::Io, format!("cannot {doing} `{}`: {}", shown(path), terminal::reason(error)))
    }

    /// Says what it has to say, so that others may follow.
    fn told(self) -> Self {
        terminal::error(&self.message);
        Self { message: String::new(), ..self }
    }

    fn interrupted() -> Self {
        Self::new(Exit::Interrupted, "interrupted")
    }
}

const EXAMPLES: &str = "\
Examples:
  linchpin new my.toml                 a first scenario, commented
  linchpin check my.toml               every mistake; else what was understood
  linchpin run my.toml                 tables, charts and a verdict in output/my
  linchpin run my.toml --trials 1M --out board/my
  linchpin run a.toml b.toml --json | jq .verdict
  linchpin new copilot.toml --from copilot-2025

Exit codes:
  0    done
  2    bad usage: arguments, or a run that does not fit in memory
  3    bad scenario
  4    a file could not be read or written
  130  interrupted (Ctrl-C, or told to end); nothing was written";

/// What dependence on a few AI vendors can cost, why, and what a second vendor,
/// a better contract or an exit plan is worth
#[derive(Debug, Parser)]
#[command(name = "linchpin", version, after_help = EXAMPLES, disable_help_subcommand = true, arg_required_else_help = true)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Simulate scenarios: tables, charts and a verdict
    #[command(after_help = run::HELP)]
    Run(run::Arguments),
    /// Join the parts of a run
    #[command(after_help = merge::HELP)]
    Merge(merge::Arguments),
    /// Say what is wrong in scenarios, or else what was understood
    Check {
        /// Scenario files (TOML)
        #[arg(value_name = "FILE", required = true)]
        files: Vec<PathBuf>,
    },
    /// What each thing that a portfolio pays for is worth
    #[command(after_help = value::HELP)]
    Value(value::Arguments),
    /// What the loss of each vendor and platform would cost
    #[command(after_help = exposure::HELP)]
    Exposure(exposure::Arguments),
    /// Plant events on given dates: what each portfolio makes of them, day by day
    #[command(after_help = stress::HELP)]
    Stress(stress::Arguments),
    /// Tell one trial in words, and what the worst trials have in common
    #[command(after_help = explain::HELP)]
    Explain(explain::Arguments),
    /// List the scenarios in ./scenarios and those built in
    List,
    /// Write a scenario to start from
    New {
        /// Where to; must not exist yet
        #[arg(value_name = "FILE")]
        file: PathBuf,
        /// Which built-in scenario
        #[arg(long, value_name = "NAME", default_value = new::STARTER, value_parser = new::names())]
        from: String,
    },
    /// Print the JSON Schema of scenarios, for editors
    Schema,
    /// Print completions for a shell
    Completions {
        /// Which shell
        #[arg(value_name = "SHELL")]
        shell: clap_complete::Shell,
    },
}

/// Does what the arguments say.
pub fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            // Help and version come this way too. Nobody is left to tell if the stream is closed.
            let _ = error.print();
            return ended(if error.use_stderr() { Exit::Usage } else { Exit::Done });
        }
    };
    let done = match arguments.command {
        Command::Run(arguments) => run::run(&arguments),
        Command::Merge(arguments) => merge::merge(&arguments),
        Command::Check { files } => check::check(&files),
        Command::Value(arguments) => value::show(&arguments),
        Command::Exposure(arguments) => exposure::show(&arguments),
        Command::Stress(arguments) => stress::show(&arguments),
        Command::Explain(arguments) => explain::show(&arguments),
        Command::List => list::list(),
        Command::New { file, from } => new::new(&file, &from),
        Command::Schema => terminal::out(&linchpin::scenario::schema()),
        Command::Completions { shell } => completions(shell),
    };
    match done {
        Ok(()) => ended(Exit::Done),
        Err(failure) => {
            if !failure.message.is_empty() {
                terminal::error(&failure.message);
            }
            ended(failure.exit)
        }
    }
}

fn ended(exit: Exit) -> ExitCode {
    ExitCode::from(exit as u8)
}

fn completions(shell: clap_complete::Shell) -> Result<(), Failure> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Arguments::command(), "linchpin", &mut script);
    terminal::out(&String::from_utf8_lossy(&script))
}

/// So many threads, or all cores.
fn pool(threads: Option<u16>) -> Result<rayon::ThreadPool, Failure> {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads.map_or(0, usize::from)).build();
    pool.map_err(|error| Failure::new(Exit::Usage, format!("cannot start the threads: {error}")))
}

/// A path as messages show it.
fn shown(path: &Path) -> String {
    terminal::plain(&path.display().to_string())
}
