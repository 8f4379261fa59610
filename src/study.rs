//! Questions about a scenario other than what a run answers; a file each. A study is a scenario in and plain values
//! out: it draws no picture, reads no file and prints nothing.

pub mod common;
pub mod digest;
pub mod exposure;
pub mod trace;
pub mod value;
