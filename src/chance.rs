//! Chance with an address: every draw is found by seed, name, quantity, trial and counter (MODEL section 9).
//!
//! A `Key` is the part of the address that does not change from trial to trial. It gives single uniforms by
//! counter, or the stream of one quantity of one source in one trial. Nothing here knows what a draw is for, and
//! nothing reads a global generator or the clock. The addresses are part of what a seed promises. `abreast`: many addresses at once.

pub(crate) mod abreast;
pub mod law;
pub(crate) mod math;
pub(crate) mod poisson;
pub mod sobol;

#[cfg(test)]
mod tests;

/// Rounds, factors and steps of the key of Philox.
const PHILOX_ROUNDS: usize = 10;
const PHILOX_TIMES: [u32; 2] = [0xd251_1f53, 0xcd9e_8d57];
const PHILOX_STEPS: [u32; 2] = [0x9e37_79b9, 0xbb67_ae85];
/// Step and factors of the finaliser of `SplitMix64`.
const MIX: [u64; 3] = [0x9e37_79b9_7f4a_7c15, 0xbf58_476d_1ce4_e5b9, 0x94d0_49bb_1331_11eb];
/// What sets a stream's last two numbers apart from its first two.
const STREAM: [u64; 2] = [0x9e37_79b9_7f4a_7c15, 0xd1b5_4a32_d192_ed03];
/// The bits of 1.
const ONE: u64 = 1023 << 52;
const HALF_A_CELL: f64 = f64::EPSILON / 2.0;

/// The address of one quantity of one source under one seed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Key(u64);

impl Key {
    /// Of nothing.
    const NONE: Self = Self(0);

    /// `name`: what draws (`risk.azure-outage`); `quantity`: what is drawn (`duration`).
    pub(crate) fn new(seed: u64, name: &str, quantity: &str) -> Self {
        let names = hash(name.as_bytes().iter().chain(&[0]).chain(quantity.as_bytes()));
        Self(mix(names ^ mix(seed ^ 0x6c69_6e63_6870_696e)))
    }

    /// The uniform at `counter` of `trial`.
    pub(crate) fn uniform(self, trial: u64, counter: u64) -> f64 {
        let [a, b, ..] = self.block(trial, counter);
        unit(join(a, b))
    }

    /// The stream of `trial`: as many uniforms as one likes, the first always the same.
    pub(crate) fn stream(self, trial: u64) -> Stream {
        let [a, b, c, d] = self.block(trial, u64::MAX);
        let (x, y) = (join(a, b), join(c, d));
        Stream([x, y, mix(x ^ STREAM[0]), mix(y ^ STREAM[1])])
    }

    fn block(self, trial: u64, counter: u64) -> [u32; 4] {
        let ([t0, t1], [c0, c1]) = (halves(trial), halves(counter));
        philox4x32_10([t0, t1, c0, c1], halves(self.0))
    }
}

/// A small fast generator, seeded by its address: xoshiro256++ (Blackman and Vigna 2021).
#[derive(Debug, Clone)]
pub(crate) struct Stream([u64; 4]);

impl Stream {
    /// The next uniform, in the open interval (0, 1).
    #[inline]
    pub(crate) fn uniform(&mut self) -> f64 {
        unit(self.next())
    }

    #[inline]
    fn next(&mut self) -> u64 {
        let s = &mut self.0;
        let out = s[0].wrapping_add(s[3]).rotate_left(23).wrapping_add(s[0]);
        let t = s[1] << 17;
        s[2] ^= s[0];
        s[3] ^= s[1];
        s[1] ^= s[2];
        s[0] ^= s[3];
        s[2] ^= t;
        s[3] = s[3].rotate_left(45);
        out
    }
}

/// A number that names an event by its risk and its own address, whatever else is in the scenario.
pub(crate) fn event_counter(risk: u64, event: u64) -> u64 {
    // The top value is the stream's.
    mix(risk ^ mix(event ^ 0xa076_1d64_78bd_642f)) >> 1
}

/// A number that names what comes of an event: by the event's own number, by what it comes, and the how-manyth it is.
pub(crate) fn descendant_counter(ancestor: u64, by: u64, nth: u64) -> u64 {
    mix(ancestor ^ mix(by ^ mix(nth ^ 0x8ebc_6af0_9c88_c6e3))) >> 1
}

/// A name as a number.
pub(crate) fn name_hash(name: &str) -> u64 {
    mix(hash(name.as_bytes().iter()))
}

/// FNV-1a, 64 bits.
fn hash<'a>(bytes: impl Iterator<Item = &'a u8>) -> u64 {
    bytes.fold(0xcbf2_9ce4_8422_2325, |h, &b| (h ^ u64::from(b)).wrapping_mul(0x0000_0100_0000_01b3))
}

/// The finaliser of `SplitMix64`.
fn mix(mut z: u64) -> u64 {
    z = z.wrapping_add(MIX[0]);
    z = (z ^ (z >> 30)).wrapping_mul(MIX[1]);
    z = (z ^ (z >> 27)).wrapping_mul(MIX[2]);
    z ^ (z >> 31)
}

/// The middle of one of 2^52 equal cells of (0, 1): exact, and never 0 or 1.
#[inline]
fn unit(bits: u64) -> f64 {
    // The bits are the fraction of a number in [1, 2).
    f64::from_bits((bits >> 12) | ONE) - 1.0 + HALF_A_CELL
}

#[expect(clippy::cast_possible_truncation, reason = "the halves are what is wanted")]
fn halves(x: u64) -> [u32; 2] {
    [x as u32, (x >> 32) as u32]
}

fn join(low: u32, high: u32) -> u64 {
    u64::from(low) | u64::from(high) << 32
}

/// Philox4x32-10 (Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy as 1, 2, 3", 2011).
fn philox4x32_10(mut c: [u32; 4], mut k: [u32; 2]) -> [u32; 4] {
    for _ in 0..PHILOX_ROUNDS {
        let [lo0, hi0] = halves(u64::from(c[0]) * u64::from(PHILOX_TIMES[0]));
        let [lo1, hi1] = halves(u64::from(c[2]) * u64::from(PHILOX_TIMES[1]));
        c = [hi1 ^ c[1] ^ k[0], lo1, hi0 ^ c[3] ^ k[1], lo0];
        k = [k[0].wrapping_add(PHILOX_STEPS[0]), k[1].wrapping_add(PHILOX_STEPS[1])];
    }
    c
}
