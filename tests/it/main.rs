//! What a user of the library sees: oracles, determinism, properties, scenarios, problems.

#[cfg(feature = "cli")]
mod command;
mod damage;
mod examples;
mod luck;
mod oracles;
mod problems;
mod readme;
mod sample;
