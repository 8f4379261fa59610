//! A run, or a part of one, as the bytes of a file that is whole or known to be damaged.

use std::fmt;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

/// What such a file begins with; the last byte counts the forms that it has had.
const MAGIC: &[u8; 14] = b"linchpin part\x04";
/// Bytes of the checksum behind it.
const CHECKSUM: usize = 32;

/// Trials of a run put aside, with all that it takes to go on, to join them with others, or to measure them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Saved {
    /// What was asked.
    pub asked: Asked,
    /// Which of how many parts, if it is one.
    pub part: Option<(u32, u32)>,
    /// Trials that this file is to hold: first, and end.
    pub range: (u64, u64),
    /// The first of them that is not done.
    pub next: u64,
    /// What [`Simulation::save`](crate::Simulation::save) gave.
    pub state: Vec<u8>,
}

/// What a run was asked to do. Only equal ones go together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asked {
    /// Version of the engine.
    pub version: String,
    /// Name of the scenario's file.
    pub scenario_file: String,
    /// Its text.
    pub text: Vec<u8>,
    /// Every other file read: path as the scenario gives it, and content.
    pub files: Vec<(String, Vec<u8>)>,
    /// Seed.
    pub seed: u64,
    /// Trials of the whole run.
    pub trials: u64,
    /// Keep the components of every trial.
    pub keep_components: bool,
    /// How trials are drawn: `plain`, `importance` or `auto`.
    pub sampling: String,
    /// Trials of the pilot that looked for a way to draw them; none if there was none.
    pub pilot: Option<u64>,
    /// Whether trials have weights.
    pub weighted: bool,
    /// Bytes that the run may take.
    pub memory: u64,
}

/// Why bytes are not those of a [`Saved`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Damage {
    /// They never were.
    Foreign,
    /// They were, in a form of another version.
    OtherForm,
    /// Some are missing, or not those that were written.
    Checksum,
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(match self {
            Self::Foreign => "it is no part or checkpoint of a run",
            Self::OtherForm => "it was written by a version of linchpin that wrote another form",
            Self::Checksum => "it is damaged: its checksum is not that of its content",
        })
    }
}

impl std::error::Error for Damage {}

impl Saved {
    /// As bytes.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        [&self.head(), &self.state[..]].concat()
    }

    /// The same without the state, which comes last as it is, and may be too large for a copy.
    ///
    /// # Panics
    ///
    /// Never: all of it has bytes.
    #[must_use]
    pub fn head(&self) -> Vec<u8> {
        let Self { asked, part, range, next, state } = self;
        let mut bytes = MAGIC.to_vec();
        bytes.extend([0; CHECKSUM]);
        // A list is its length and its bytes.
        let head = (asked, part, range, next, state.len());
        bytes = postcard::to_extend(&head, bytes).expect("numbers, texts and lists of them have bytes");
        let sum = Sha256::new().chain_update(&bytes[MAGIC.len() + CHECKSUM..]).chain_update(state).finalize();
        bytes[MAGIC.len()..MAGIC.len() + CHECKSUM].copy_from_slice(&sum);
        bytes
    }

    /// From bytes.
    ///
    /// # Errors
    ///
    /// If they are not what [`Self::encode`] gave, to the last one.
    pub fn decode(bytes: &[u8]) -> Result<Self, Damage> {
        let name = MAGIC.len() - 1;
        if bytes.len() < MAGIC.len() {
            return Err(if bytes.is_empty() || !MAGIC.starts_with(bytes) { Damage::Foreign } else { Damage::Checksum });
        }
        if bytes[..name] != MAGIC[..name] {
            return Err(Damage::Foreign);
        }
        if bytes[name] != MAGIC[name] {
            return Err(Damage::OtherForm);
        }
        let (sum, content) = bytes[MAGIC.len()..].split_at_checked(CHECKSUM).ok_or(Damage::Checksum)?;
        if Sha256::digest(content)[..] != *sum {
            return Err(Damage::Checksum);
        }
        postcard::from_bytes(content).map_err(|_| Damage::OtherForm)
    }
}

#[cfg(test)]
mod tests {
    use super::{Asked, Damage, Saved};

    fn saved() -> Saved {
        let asked = Asked {
            version: "1".into(),
            scenario_file: "x.toml".into(),
            text: b"start".to_vec(),
            files: vec![("a.csv".into(), vec![1, 2])],
            seed: 7,
            trials: 1000,
            keep_components: false,
            sampling: "plain".into(),
            pilot: None,
            weighted: false,
            memory: 1 << 30,
        };
        Saved { asked, part: None, range: (0, 512), next: 512, state: vec![9; 50] }
    }

    #[test]
    fn what_is_saved_comes_back() {
        assert_eq!(Saved::decode(&saved().encode()), Ok(saved()));
    }

    #[test]
    fn every_byte_that_is_wrong_or_missing_is_noticed() {
        let good = saved().encode();
        for at in 0..good.len() {
            let mut bad = good.clone();
            bad[at] ^= 0x10;
            let expected = match at {
                0..13 => Damage::Foreign,
                13 => Damage::OtherForm,
                _ => Damage::Checksum,
            };
            assert_eq!(Saved::decode(&bad), Err(expected), "byte {at}");
            let cut = Saved::decode(&good[..at]);
            assert_eq!(cut, Err(if at == 0 { Damage::Foreign } else { Damage::Checksum }), "cut at {at}");
        }
        assert_eq!(Saved::decode(b"portfolio,loss"), Err(Damage::Foreign));
    }
}
