//! What a user of the library sees: oracles, determinism, properties, scenarios, problems.

mod damage;
mod examples;
mod oracles;
mod problems;
mod sample;
