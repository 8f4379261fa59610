//! What a user of the library sees: oracles, determinism, properties, scenarios, problems.

#[path = "../../src/impact/tests/anything.rs"]
mod anything;
#[cfg(feature = "cli")]
mod command;
mod damage;
mod examples;
mod luck;
mod oracles;
mod problems;
mod properties;
mod sample;
