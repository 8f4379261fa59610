//! The list of formats: functions from results to bytes.
//!
//! No output simulates, sorts trials or reads a setting of its own; what two formats need, `results` holds.

#[cfg(feature = "charts")]
pub mod chart;
