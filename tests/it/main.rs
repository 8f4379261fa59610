//! What a user of the library sees: oracles, determinism, properties, scenarios, problems.

mod examples;
