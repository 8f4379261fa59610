//! Linchpin.
pub mod chance {
    pub mod law;
    pub(crate) mod math;
}
pub mod scenario;
pub mod results;
pub mod simulate;
