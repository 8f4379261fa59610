//! What a user of the library sees: oracles, determinism, properties, scenarios, problems.

#![expect(clippy::disallowed_methods, reason = "tests read their cases and may compute with the system's functions")]

#[cfg(feature = "cli")]
mod command;
mod damage;
mod examples;
mod luck;
mod oracles;
mod problems;
mod readme;
mod sample;
