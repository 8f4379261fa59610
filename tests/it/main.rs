//! What a user of the library sees: oracles, determinism, properties, scenarios, problems.

mod damage;
mod examples;
mod luck;
mod oracles;
mod problems;
mod sample;
