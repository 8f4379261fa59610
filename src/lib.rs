//! Linchpin.
pub mod chance {
    pub mod law;
    pub(crate) mod math;
}
pub mod results;
pub mod scenario;
pub mod simulate;
