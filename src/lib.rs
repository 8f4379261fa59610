//! Linchpin.
pub mod chance {
    pub mod law;
    pub(crate) mod math;
}
mod quantity;
pub mod source;
pub mod scenario;
pub mod results;
pub mod simulate;
