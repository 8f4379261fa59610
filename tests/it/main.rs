//! One test binary: what a user of the library sees.

mod damage;
mod problems;
