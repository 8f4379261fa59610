//! What a user of the library sees: oracles, determinism, properties, scenarios, problems.

#![allow(
    clippy::disallowed_methods,
    clippy::cast_precision_loss,
    clippy::float_cmp,
    clippy::format_push_string,
    clippy::items_after_statements,
    clippy::manual_midpoint,
    clippy::neg_cmp_op_on_partial_ord,
    reason = "tests touch files, use the standard library's own functions as oracles, and write bounds as they are read"
)]

#[path = "../../src/impact/tests/anything.rs"]
mod anything;
#[cfg(feature = "cli")]
mod command;
mod compound;
mod contagion;
mod damage;
mod examples;
mod found;
mod luck;
mod measures;
mod one_by_one;
mod oracles;
mod problems;
mod properties;
mod readme;
mod reference;
mod sample;
mod value;
