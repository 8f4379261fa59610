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

/// The common case: one event makes vendors fall, once and evenly, while nothing else is wrong.
#[derive(Debug)]
pub(crate) struct Alone<'a> {
    pub(crate) start: f64,
    pub(crate) end: f64,
    pub(crate) event: u32,
    /// The cell in which it lies.
    pub(crate) cell: usize,
    /// How many vendors fall.
    pub(super) n: usize,
    /// In order of time, each until the next begins, from `start` to `end`.
    pub(crate) phases: &'a [Phase],
    /// Those who fall, phase by phase where they are several.
    pub(super) lost: &'a [Lost],
    /// What vendors serve less or more in the phases, those who fall first.
    pub(super) served: &'a [(usize, f64)],
}

/// A time within a fall during which nothing changes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Phase {
    pub(crate) from: f64,
    pub(crate) to: f64,
    /// Exactly 0 where negligible.
    pub(crate) unserved: f64,
    /// `served[first..last]`.
    pub(super) first: usize,
    pub(super) last: usize,
}

impl Alone<'_> {
    /// Who falls, and what is missing of them all along.
    #[inline]
    pub(crate) fn missing(&self) -> &[Lost] {
        &self.lost[..self.n]
    }

    /// What vendors serve less or more in a phase.
    #[inline]
    pub(crate) fn served(&self, phase: &Phase) -> &[(usize, f64)] {
        &self.served[phase.first..phase.last]
    }

    /// Vendors to whom something was moved in a phase, and how much.
    #[inline]
    pub(crate) fn moved(&self, phase: &Phase) -> &[(usize, f64)] {
        &self.served[phase.first + self.n..phase.last]
    }

    /// The same as pieces.
    pub(crate) fn pieces(&self, mut emit: impl FnMut(&Piece)) {
        for (i, phase) in self.phases.iter().enumerate() {
            let &Phase { from: start, to: end, unserved, .. } = phase;
            let one;
            let lost = if let [lost] = self.lost {
                one = [Lost { unserved, ..*lost }];
                &one
            } else {
                &self.lost[i * self.n..(i + 1) * self.n]
            };
            emit(&Piece { start, end, lost, served: self.served(phase), unserved });
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
