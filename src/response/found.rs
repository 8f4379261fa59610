//! What a sweep finds: pieces of lost traffic, and closed forms of the commonest ones. Knows neither kinds of risk nor money.

/// A time during which nothing about a group's traffic changes and some of it is missing where it was placed.
#[derive(Debug)]
pub(crate) struct Piece<'a> {
    pub(crate) start: f64,
    pub(crate) end: f64,
    /// Vendors from whom something is missing.
    pub(crate) lost: &'a [Lost],
    /// What vendors serve less or more: those of `lost` in their order, then those to whom something was moved.
    pub(crate) served: &'a [(usize, f64)],
    /// What nobody serves, as a fraction of all traffic; exactly 0 where negligible.
    pub(crate) unserved: f64,
}

impl Piece<'_> {
    /// Vendors to whom something was moved, and how much.
    #[inline]
    pub(crate) fn moved(&self) -> &[(usize, f64)] {
        &self.served[self.lost.len()..]
    }
}

/// The common case: one vendor falls, once and evenly, while nothing else is wrong. Rooms only open, so what is unserved
/// only falls from phase to phase.
#[derive(Debug)]
pub(crate) struct Alone<'a> {
    pub(crate) start: f64,
    pub(crate) end: f64,
    pub(crate) vendor: usize,
    pub(crate) missing: f64,
    pub(crate) by: By,
    /// In order of time, each until the next begins; the first begins at `start`.
    pub(crate) phases: &'a [Phase],
    /// What vendors serve less or more in the phases, the one that falls first.
    pub(crate) served: &'a [(usize, f64)],
}

/// A time within a fall during which nothing changes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Phase {
    pub(crate) from: f64,
    /// Exactly 0 where negligible.
    pub(crate) unserved: f64,
    /// `served[first..last]`.
    pub(crate) first: usize,
    pub(crate) last: usize,
}

impl Alone<'_> {
    /// The phases with their ends.
    pub(crate) fn phases(&self) -> impl Iterator<Item = (f64, &Phase)> {
        let ends = self.phases[1..].iter().map(|p| p.from).chain([self.end]);
        ends.zip(self.phases)
    }

    /// The same as pieces.
    pub(crate) fn pieces(&self, mut emit: impl FnMut(&Piece)) {
        for (end, phase) in self.phases() {
            let lost = Lost {
                vendor: self.vendor,
                missing: self.missing,
                unserved: phase.unserved,
                by: self.by,
                movable: false,
            };
            emit(&Piece {
                start: phase.from,
                end,
                lost: &[lost],
                served: &self.served[phase.first..phase.last],
                unserved: phase.unserved,
            });
        }
    }
}

/// What a sweep finds.
#[derive(Debug)]
pub(crate) enum Found<'a> {
    /// In no particular order.
    Alone(&'a Alone<'a>),
    /// In order of time.
    Piece(&'a Piece<'a>),
}

/// Who answers for what is missing of a vendor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum By {
    /// One event.
    Event(u32),
    /// The takers of a step of the view.
    Step(usize),
}

/// What one vendor does not serve of its share.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Lost {
    pub(crate) vendor: usize,
    /// Missing where it was placed, as a fraction of all traffic.
    pub(crate) missing: f64,
    /// The part of it that was moved nowhere.
    pub(crate) unserved: f64,
    pub(crate) by: By,
    pub(super) movable: bool,
}
