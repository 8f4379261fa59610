//! Linchpin.
pub mod chance { pub mod law; }
pub mod output;
pub mod scenario;
pub mod results;
pub mod simulate;
