//! Outputs: functions from results to bytes. None computes a figure, reads a setting or touches a file.

#[cfg(feature = "charts")]
pub mod chart;
pub mod csv;
pub mod manifest;

use std::io;

use crate::results::Results;

pub use manifest::{RunInfo, Sampling};

/// One file of an output.
pub struct File {
    /// Where it goes, relative to the folder of the run.
    pub path: String,
    /// Writes its bytes.
    pub write: fn(&Results, &mut dyn io::Write) -> io::Result<()>,
}

/// One way to show results, as one or more files.
pub struct Format {
    /// Its name.
    pub name: &'static str,
    /// The files that these results fill.
    pub files: fn(&Results) -> Vec<File>,
}

/// Every format that is written as it is rendered. `run.json` is none of them: it also says how the run went, see
/// [`manifest`]; nor are the charts, which are pictures before they are files, see `chart`.
pub const FORMATS: &[Format] = &[csv::FORMAT];
