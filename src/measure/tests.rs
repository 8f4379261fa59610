//! Figures against known laws: each with what must be refused.

mod coverage;
mod exact;
pub(crate) mod fixture;
mod weighted;
mod whole;
