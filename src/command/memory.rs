//! Whether a run fits in the memory it may use, before it starts. An estimate of what `simulate` and `measure` keep.

#![expect(clippy::disallowed_methods, reason = "asks the system what memory is left")]

use std::fs;

use linchpin::scenario::{Scenario, YEAR};
use linchpin::simulate::BLOCK;

use super::{Exit, Failure, amount};

/// Bytes that a histogram of one month's loss takes: some thirty octaves of 3 KiB.
const HISTOGRAM: u128 = 98 << 10;
/// Bytes that an event of the trial under way takes in world, view and books while all meet each other, with the room by
/// which lists grow ahead.
const EVENT: u128 = 2_000;
/// What the program and its charts take.
const BASE: u128 = 64 << 20;
/// The same as `--memory` counts it, and the least that is left for trials.
const PROGRAM: u64 = 32 << 20;
const LEAST: u64 = 8 << 20;
/// No machine holds this much; said of a run where the machine does not tell what it has.
const ABSURD: u128 = 1 << 40;

/// What the size of a run depends on.
#[derive(Debug, Clone, Copy)]
pub(super) struct Shape {
    portfolios: u128,
    years: u128,
    months: u128,
    services: u128,
    /// Risks, nodes, services and components: into which a loss is divided.
    parts: u128,
    rows: bool,
    /// Whether trials have weights.
    weighted: bool,
    threads: u128,
    /// Events of a trial.
    events: u128,
}

impl Shape {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "at most a hundred years")]
    pub(super) fn of(scenario: &Scenario, rows: bool, threads: usize) -> Self {
        let services = scenario.services.len();
        Self {
            portfolios: scenario.portfolios.len() as u128,
            years: (scenario.horizon_hours / YEAR + 1e-9) as u128,
            months: scenario.n_months() as u128,
            services: services as u128,
            parts: (scenario.risks.len() + scenario.nodes.len() + services + 11) as u128,
            rows,
            weighted: false,
            threads: threads as u128,
            events: scenario.expected_events as u128,
        }
    }

    /// The same where trials have weights, or not.
    pub(super) fn weighted(self, weighted: bool) -> Self {
        Self { weighted, ..self }
    }

    /// The same of one portfolio alone.
    pub(super) fn of_one(self) -> Self {
        Self { portfolios: 1, ..self }
    }

    /// Bytes that the engines of all threads take, with the blocks under way.
    fn fixed(&self) -> u128 {
        let tables = u128::from(BLOCK) * 8 * (self.parts + self.months + self.years + 8) * self.portfolios;
        BASE + self.threads * (self.events * EVENT + 2 * tables)
    }

    /// Bytes that the rows of `trials` take.
    fn rows(&self, trials: u64) -> u128 {
        let kept = 8 * (1 + 2 * self.years + 2 * self.services + if self.rows { 10 } else { 0 });
        (self.portfolios * kept + if self.weighted { 8 } else { 0 }) * u128::from(trials)
    }

    /// Bytes that sorting the longest columns of so many portfolios takes.
    fn sorting(&self, trials: u64, at_once: u128) -> u128 {
        let each = if self.weighted { 32 } else { 16 };
        each * u128::from(trials) * self.years.max(1) * at_once
    }

    /// Bytes that `trials` take at their peak, where all are kept.
    pub(super) fn bytes(&self, trials: u64) -> u128 {
        let at_once = self.threads.min(self.portfolios);
        let sorting = self.sorting(trials, at_once);
        // What the worst are divided into; with weights they are a great part of all.
        let worst = if self.weighted { trials / 2 } else { trials / 50 };
        let tail = u128::from(worst) * 8 * self.parts * self.portfolios;
        // A table row of 14 numbers per trial.
        let rows = if self.rows { 112 * u128::from(trials) * self.portfolios } else { 0 };
        let histograms = self.months * HISTOGRAM * self.portfolios;
        self.fixed() + sorting + tail + self.rows(trials) + rows + histograms
    }

    /// The largest round number of trials whose bytes are at most `available`.
    pub(super) fn trials_within(&self, available: u128) -> u64 {
        let steps = (0..19).flat_map(|power| [1, 2, 5].map(|digit| digit * 10_u64.pow(power)));
        steps.take_while(|&trials| self.bytes(trials) <= available).last().unwrap_or(0)
    }
}

/// What of the memory of a run is for the trials that it keeps. On this alone it depends which trials are kept, so not on
/// the number of threads.
pub(super) fn for_trials(memory: u64) -> u64 {
    (memory / 4 * 3).saturating_sub(PROGRAM).max(LEAST)
}

/// The memory in which so many trials have room that must all be kept: by half of what is for trials, in their rows; those with weights, which
/// are sorted however many they are, by three quarters of that and the quarter of the memory that is nobody's, in both.
fn memory_for(shape: Shape, trials: u64) -> u128 {
    let program = u128::from(PROGRAM);
    let in_rows = (2 * shape.rows(trials) + program) * 4 / 3;
    let sorted = shape.rows(trials) + shape.sorting(trials, shape.portfolios);
    let in_both = if shape.weighted { (sorted + program / 4 * 3) * 16 / 13 } else { 0 };
    in_rows.max(in_both)
}

/// So many trials may all be kept, whatever the number of threads.
pub(super) fn most_kept(shape: Shape, memory: u64) -> u64 {
    let memory = u128::from(memory).max(memory_for(shape, 0));
    let (mut most, mut beyond) = (0, u64::MAX / 2);
    while beyond - most > 1 {
        let trials = most + (beyond - most) / 2;
        *(if memory_for(shape, trials) <= memory { &mut most } else { &mut beyond }) = trials;
    }
    most
}

/// Refuses a run that would not fit: not in `memory` if all trials must be kept, not in the machine in any case. `here`: how many of them
/// are run here; the others are parts, which are joined in as much memory.
pub(super) fn check_run(name: &str, shape: Shape, (trials, here): (u64, u64), memory: u64) -> Result<(), Failure> {
    let most = most_kept(shape, memory);
    if (shape.rows || shape.weighted) && trials > most {
        let who = if shape.weighted { "--sampling" } else { "--trials-csv" };
        let mebibytes = u64::try_from((memory_for(shape, trials) >> 20) + 1).unwrap_or(u64::MAX);
        let message = format!(
            "`{name}`: {who} keeps every trial, and in {} of --memory {} have room; {} would take --memory {mebibytes}M",
            size(u128::from(memory)),
            amount::trials(most),
            amount::trials(trials),
        );
        return Err(Failure::new(Exit::Usage, message));
    }
    let most = u128::from(memory).max(shape.fixed() + u128::from(for_trials(memory)));
    let needs = shape.bytes(here).min(most);
    match available() {
        Some(available) if needs > available => {
            let message = format!(
                "`{name}` needs about {} of memory, and {} are free; fewer --threads need less, or a run with a smaller --memory",
                size(needs),
                size(available)
            );
            Err(Failure::new(Exit::Usage, message))
        }
        _ => Ok(()),
    }
}

/// Refuses what would not fit with all its trials.
pub(super) fn check(name: &str, shape: Shape, trials: u64) -> Result<(), Failure> {
    let available = available();
    if shape.bytes(trials) <= available.unwrap_or(ABSURD) {
        return Ok(());
    }
    let has =
        available.map_or_else(|| "more than any machine has".to_owned(), |bytes| format!("{} are free", size(bytes)));
    let fits = match shape.trials_within(available.unwrap_or(ABSURD)) {
        0 => "not even one would fit".to_owned(),
        n => format!("{} would fit: --trials {n}", amount::count(n)),
    };
    let message = format!(
        "`{name}` with {} needs about {} of memory, and {has}; {fits}",
        amount::trials(trials),
        size(shape.bytes(trials))
    );
    Err(Failure::new(Exit::Usage, message))
}

#[expect(clippy::cast_precision_loss, reason = "for the eye")]
fn size(bytes: u128) -> String {
    let gibibytes = bytes as f64 / f64::from(1 << 30);
    if gibibytes < 1024.0 {
        format!("{} GiB", amount::figure(gibibytes))
    } else {
        format!("{} TiB", amount::figure(gibibytes / 1024.0))
    }
}

/// Bytes that this process may still take, where the system says so: the machine's, its control groups', its own limit.
fn available() -> Option<u128> {
    [machine(), control_groups(), own_limit()].into_iter().flatten().min()
}

fn machine() -> Option<u128> {
    let text = fs::read_to_string("/proc/meminfo").ok()?;
    Some(number_after(&text, "MemAvailable:")? << 10)
}

/// The least that any control group above this process has left.
fn control_groups() -> Option<u128> {
    let text = fs::read_to_string("/proc/self/cgroup").ok()?;
    let second = text.lines().find_map(|line| line.strip_prefix("0::"));
    let first = text.lines().find_map(|line| line.split_once(":memory:").map(|parts| parts.1));
    let left = |root: &str, path: &str, limit: &str, usage: &str| {
        let path = path.trim_matches('/').to_owned();
        let above =
            std::path::Path::new(&path).ancestors().map(|p| format!("{root}/{}", p.display())).collect::<Vec<_>>();
        let number =
            |folder: &str, file: &str| fs::read_to_string(format!("{folder}/{file}")).ok()?.trim().parse::<u128>().ok();
        above.iter().filter_map(|folder| Some(number(folder, limit)?.saturating_sub(number(folder, usage)?))).min()
    };
    let second = second.and_then(|path| left("/sys/fs/cgroup", path, "memory.max", "memory.current"));
    let first =
        first.and_then(|path| left("/sys/fs/cgroup/memory", path, "memory.limit_in_bytes", "memory.usage_in_bytes"));
    [first, second].into_iter().flatten().min()
}

/// `ulimit -v`.
fn own_limit() -> Option<u128> {
    let text = fs::read_to_string("/proc/self/limits").ok()?;
    number_after(&text, "Max address space")
}

fn number_after(text: &str, name: &str) -> Option<u128> {
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    line.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHAPE: Shape = Shape {
        portfolios: 3,
        years: 3,
        months: 36,
        services: 2,
        parts: 40,
        rows: false,
        weighted: false,
        threads: 8,
        events: 300,
    };

    #[test]
    fn more_of_anything_takes_more() {
        let usual = SHAPE.bytes(1_000_000);
        assert!(usual < 1 << 30, "{usual}");
        assert!(SHAPE.bytes(2_000_000) > usual);
        assert!(Shape { rows: true, ..SHAPE }.bytes(1_000_000) > usual);
        assert!(Shape { portfolios: 4, ..SHAPE }.bytes(1_000_000) > usual);
        assert!(Shape { events: 1_000_000, ..SHAPE }.bytes(1_000_000) > usual + (8 << 30));
        assert!(SHAPE.bytes(u64::MAX) > ABSURD);
    }

    #[test]
    fn the_number_that_would_fit_does() {
        for available in [1_u128 << 29, 1 << 30, 1 << 36] {
            let fits = SHAPE.trials_within(available);
            assert!(fits > 0 && SHAPE.bytes(fits) <= available && SHAPE.bytes(3 * fits) > available, "{fits}");
        }
        assert_eq!(SHAPE.trials_within(1000), 0);
    }

    #[test]
    fn as_many_are_kept_as_have_room() {
        let weighted = SHAPE.weighted(true);
        for memory in [64_u64 << 20, 1 << 30, 1 << 40] {
            for shape in [SHAPE, weighted, Shape { years: 30, ..weighted }] {
                let most = most_kept(shape, memory);
                assert!(memory_for(shape, most) <= memory.into() && memory_for(shape, most + 1) > memory.into());
            }
        }
        // Sorting many years takes of the room for rows, a sixth here.
        let rows = |shape: Shape| shape.rows(most_kept(shape, 1 << 30));
        let (few, many) = (rows(weighted), rows(Shape { years: 30, ..weighted }));
        assert!(10 * many < 9 * few, "{many} {few}");
        assert_eq!(most_kept(SHAPE, 1), 0);
    }

    #[test]
    fn reads_what_the_system_says() {
        assert_eq!(number_after("MemTotal: 5 kB\nMemAvailable:   77 kB\n", "MemAvailable:"), Some(77));
        assert_eq!(
            number_after(
                "Max address space         unlimited            unlimited            bytes",
                "Max address space"
            ),
            None
        );
    }
}
