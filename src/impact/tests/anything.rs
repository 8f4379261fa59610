//! Scenarios of any shape, from a tape of numbers: a shorter tape, or smaller numbers, make a simpler scenario, so that
//! what fails shrinks. Shared with the tests of the library from outside.

use std::fmt::Write;

/// What may occur.
#[derive(Debug, Clone, Copy)]
pub struct Allowed {
    /// All amounts of money are × this.
    pub money: f64,
    /// `only_if` and `rate_if`.
    pub conditions: bool,
    pub risks: bool,
}

struct Tape<'a> {
    numbers: &'a [u16],
    allowed: Allowed,
    text: String,
}

/// The scenario of a tape.
pub fn scenario(numbers: &[u16], allowed: Allowed) -> String {
    let mut tape = Tape { numbers, allowed, text: String::new() };
    tape.whole();
    tape.text
}

const LENGTHS: [&str; 8] = [
    r#""6 h""#,
    r#""20 min to 9 h""#,
    r#"{ exponential = "30 h" }"#,
    r#""12 days""#,
    r#""2 days to 60 days""#,
    r#"{ uniform = ["0 h", "24 h"] }"#,
    r#"{ values = ["0 s", "5 h", "40 days"], weights = [1, 2, 1] }"#,
    r#""90 days to 700 days""#,
];
const DATES: [&str; 6] = ["2025-06-01", "2025-07-01", "2025-07-01T06:00:00Z", "2025-08-13", "2026-02-28", "2026-06-01"];
const CHANGES: [&str; 5] = [r#""+20%""#, r#""-8% to +15%""#, r#""-30%""#, r#""+5% to +60%""#, r#""0%""#];

impl Tape<'_> {
    fn next(&mut self) -> usize {
        let Some((&first, rest)) = self.numbers.split_first() else {
            return 0;
        };
        self.numbers = rest;
        usize::from(first)
    }

    fn below(&mut self, n: usize) -> usize {
        self.next() % n
    }

    /// With a chance of one in `n`.
    fn one_in(&mut self, n: usize) -> bool {
        self.below(n) == n - 1
    }

    fn of<'t>(&mut self, all: &[&'t str]) -> &'t str {
        all[self.below(all.len())]
    }

    fn money(&mut self, amount: f64) -> String {
        format!("${}", amount * self.allowed.money)
    }

    fn say(&mut self, line: &str) {
        self.text.push_str(line);
        self.text.push('\n');
    }

    fn whole(&mut self) {
        let horizon = self.of(&["1 year", "26 months", "400 days", "3 weeks"]);
        let rate = self.of(&["0%", "7%"]);
        self.say(&format!(
            "name = \"anything\"\nstart = 2025-06-01\nhorizon = \"{horizon}\"\ndiscount_rate = \"{rate}\""
        ));
        let n_platforms = self.below(4);
        let n_vendors = 1 + self.below(5);
        for p in 0..n_platforms {
            self.say(&format!("[platform.p{p}]"));
            self.runs_on(p);
        }
        for v in 0..n_vendors {
            let price = self.below(4) as f64 + 0.5;
            let price = self.money(price);
            self.say(&format!("[vendor.v{v}]\nprice = \"{price}/call\""));
            self.runs_on(n_platforms);
            if self.one_in(3) {
                let capability = self.of(&["0.8", "1.1"]);
                self.say(&format!("capability = {capability}"));
            }
            if self.one_in(4) {
                let stake = self.money(3_000_000.0);
                self.say(&format!("stake = \"{stake}\""));
            }
            if self.one_in(3) {
                self.contract(&format!("[contract.v{v}]\n"), "\n", "");
                self.say("");
            }
        }
        let n_services = 1 + self.below(3);
        for s in 0..n_services {
            self.service(s);
        }
        let short = horizon == "3 weeks";
        let n_risks = if self.allowed.risks { self.below(8) } else { 0 };
        for r in 0..n_risks {
            self.risk(r, n_platforms, n_vendors, n_services, short);
        }
        let n_covers = self.below(3);
        for c in 0..n_covers {
            self.cover(c, n_risks);
        }
        for p in 0..=self.below(3) {
            self.portfolio(p, n_vendors, n_services, n_covers);
        }
    }

    fn cover(&mut self, c: usize, n_risks: usize) {
        let waiting = self.of(&["0 s", "2 h", "1 day"]);
        let (deductible, limit) = (self.money(5_000.0), self.money(60_000.0));
        self.say(&format!("[cover.c{c}]\nwaiting = \"{waiting}\"\nper_event = {{ deductible = \"{deductible}\", limit = \"{limit}\" }}\npays = 0.9"));
        if self.one_in(2) {
            let (limit, premium) = (self.money(90_000.0), self.money(20.0));
            self.say(&format!("per_year = {{ limit = \"{limit}\" }}\npremium = \"{premium}/h\""));
        }
        if n_risks > 0 && self.one_in(2) {
            let risk = self.below(n_risks);
            self.say(&format!("risks = [\"r{risk}\"]"));
        }
    }

    fn runs_on(&mut self, n_platforms: usize) {
        let n = self.below(3).min(n_platforms);
        let mut list: Vec<String> = (0..n).map(|_| format!("\"p{}\"", self.below(n_platforms))).collect();
        list.sort();
        list.dedup();
        if list.is_empty() {
            return;
        }
        let list = list.join(", ");
        if self.one_in(2) {
            self.say(&format!("runs_on = {{ any_of = [{list}] }}"));
        } else {
            self.say(&format!("runs_on = [{list}]"));
        }
    }

    /// `before`, the keys with `between` after each but the last, `after`.
    fn contract(&mut self, before: &str, between: &str, after: &str) {
        let mut keys = vec![];
        if self.one_in(2) {
            keys.push(format!("price_cap = {}", self.of(&["\"+10%\"", "\"0%\"", "\"+30%\""])));
        }
        if self.one_in(2) {
            let amount = self.below(5) as f64 * 40_000.0;
            keys.push(format!("commitment = \"{}/year\"", self.money(amount)));
        }
        if self.one_in(2) {
            keys.push(format!("exit_fee = \"{}\"", self.money(500_000.0)));
        }
        if self.one_in(3) {
            let credit = self.of(&["0.1", "1"]);
            keys.push(format!("sla = [{{ below = 0.999, credit = {credit} }}, {{ below = 0.9, credit = 1 }}]"));
        }
        if self.one_in(3) {
            let (low, high) = (self.money(20_000.0), self.money(90_000.0));
            keys.push(format!(
                "rebates = [{{ above = \"{low}/year\", off = 0.1 }}, {{ above = \"{high}/year\", off = 0.4 }}]"
            ));
        }
        self.text.push_str(before);
        self.text.push_str(&keys.join(between));
        self.text.push_str(after);
    }

    fn service(&mut self, s: usize) {
        let revenue = 1.0 + self.below(100) as f64;
        let revenue = self.money(revenue * 100.0);
        let usage = self.below(20);
        let (growth, tolerance) = (self.of(&["0%", "+25%", "-10%"]), self.of(&["0 s", "10 min", "5 h"]));
        let margin = self.of(&["1", "0.6"]);
        self.say(&format!(
            "[service.s{s}]\nrevenue = \"{revenue}/h\"\nusage = \"{usage} call/h\"\ngrowth = \"{growth}\"\nmargin = {margin}\ntolerance = \"{tolerance}\""
        ));
        if self.one_in(3) {
            self.say("calendar = { weekday = [2, 1, 1, 1, 1, 0, 3] }");
        }
        if self.one_in(3) {
            let after = self.of(&["0 s", "5 h", "2 days"]);
            let (loses, returns) = (self.of(&["\"1%\"", "\"0.2% to 1%\""]), self.of(&["3 days", "9 months"]));
            self.say(&format!("churn = {{ after = \"{after}\", loses = {loses}, returns = \"{returns}\" }}"));
        }
        if self.one_in(3) {
            let sensitivity = self.of(&["0.3", "1.5"]);
            self.say(&format!("sensitivity = {sensitivity}"));
        }
    }

    fn arrivals(&mut self, short: bool, stages: bool) -> String {
        match self.below(5) {
            0 => {
                let n = 1 + self.below(3);
                let first = if stages && self.one_in(3) { vec!["2025-01-15"] } else { vec![] };
                let dates: Vec<&str> = if short {
                    vec!["2025-06-03", "2025-06-03T04:00:00Z"]
                } else {
                    (0..n).map(|_| self.of(&DATES)).collect()
                };
                let mut dates: Vec<&str> = first.into_iter().chain(dates).collect();
                dates.sort_unstable();
                dates.dedup();
                format!("{{ at = [{}], probability = {} }}", dates.join(", "), self.of(&["1", "0.5"]))
            }
            1 => format!("{{ per_year = {} }}", 1 + self.below(60)),
            2 => r#"{ per_month = 1.5, trend = "+40%", calendar = { weekday = [1, 1, 1, 1, 1, 3, 0] } }"#.into(),
            3 => format!(
                "{{ every = {} }}",
                self.of(&[r#"{ exponential = "20 days" }"#, r#""25 days""#, r#""5 days to 90 days""#])
            ),
            _ => "{ once = { probability = 0.6, between = [2025-06-02, 2025-06-20] } }".into(),
        }
    }

    fn condition(&mut self, n_vendors: usize, may_grow: bool) {
        if !self.allowed.conditions || !self.one_in(3) {
            return;
        }
        let vendor = self.below(n_vendors);
        let share = self.of(&["0.01", "0.3", "0.6"]);
        if self.one_in(2) {
            self.say(&format!("only_if = {{ uses = \"v{vendor}\", at_least = {share} }}"));
        } else {
            let times = if may_grow { self.of(&["1.5", "0.4"]) } else { "0.4" };
            self.say(&format!("rate_if = [{{ uses = \"v{vendor}\", at_least = {share}, times = {times} }}]"));
        }
    }

    fn effects(&mut self, between: &str, access: bool, n_services: usize) -> String {
        let mut keys = vec![];
        if access && self.one_in(2) {
            let length = if self.one_in(4) { "\"permanent\"" } else { self.of(&LENGTHS) };
            keys.push(format!("suspends = {length}"));
        }
        if access && self.one_in(2) {
            keys.push(format!("notice = {}", self.of(&[r#""10 days""#, r#""1 day to 60 days""#])));
        }
        if access && self.one_in(3) {
            keys.push(format!("price_change = {}", self.of(&CHANGES)));
        }
        if access && self.one_in(3) {
            keys.push(format!("capability_change = {}", self.of(&CHANGES)));
        }
        if self.one_in(3) {
            let service = self.below(n_services);
            keys.push(format!("revenue_change = {{ s{service} = {} }}", self.of(&CHANGES)));
        }
        if !keys.is_empty() && keys.iter().any(|k| k.contains("_change")) && self.one_in(2) {
            keys.push(format!("for = {}", self.of(&[r#""3 months""#, r#""10 days to 400 days""#])));
        }
        let ramps = |k: &String| k.contains("revenue_change") || k.contains("capability_change");
        if keys.iter().any(ramps) && self.one_in(2) {
            keys.push(format!("over = {}", self.of(&["\"2 weeks\"", "\"1 day to 90 days\""])));
        }
        if self.one_in(5) {
            keys.push(format!("stake_change = {}", self.of(&CHANGES)));
        }
        if keys.is_empty() || self.one_in(3) {
            let amount = 1000.0 * (1.0 + self.below(400) as f64);
            let (low, high) = (self.money(amount), self.money(7.0 * amount));
            keys.push(format!("cost = \"{low} to {high}\""));
            if self.one_in(3) {
                keys.push("scales_with = \"use\"".into());
            }
        }
        keys.join(between)
    }

    fn outcomes(&mut self, n_services: usize) -> String {
        let n = 1 + self.below(2);
        let outcome = |tape: &mut Self, i: usize| {
            let probability = tape.of(&["0.5", "0.1", "0.3"]);
            let effects = tape.effects(", ", true, n_services);
            let ends = if tape.one_in(3) { ", ends = true" } else { "" };
            format!("{{ name = \"o{i}\", probability = {probability}, {effects}{ends} }}")
        };
        let list: Vec<String> = (0..n).map(|i| outcome(self, i)).collect();
        format!("outcomes = [{}]", list.join(", "))
    }

    fn risk(&mut self, r: usize, n_platforms: usize, n_vendors: usize, n_services: usize, short: bool) {
        let kind = self.of(&["outage", "exclusivity", "legal", "pricing", "delay"]);
        let mut on: Vec<String> = vec![];
        for _ in 0..=self.below(2) {
            let node = self.below(n_platforms + n_vendors);
            // Vendors first: what shrinks is simple.
            on.push(if node < n_vendors { format!("\"v{node}\"") } else { format!("\"p{}\"", node - n_vendors) });
        }
        on.dedup();
        self.say(&format!("[risk.r{r}]\nkind = \"{kind}\"\non = [{}]", on.join(", ")));
        let path = kind == "pricing" && self.one_in(2);
        if path {
            let volatility = self.of(&["0", "0.3"]);
            self.say(&format!("path = {{ drift = \"-20%\", volatility = {volatility} }}"));
            if self.one_in(2) {
                return;
            }
        }
        if kind == "delay" {
            let due = if short { "2025-06-03" } else { self.of(&DATES) };
            let (slips, gap) = (self.of(&LENGTHS), self.of(&CHANGES));
            return self.say(&format!("due = {due}\nslips = {slips}\ngap = {gap}"));
        }
        let arrivals = self.arrivals(short, kind == "legal");
        self.say(&format!("arrivals = {arrivals}"));
        self.condition(n_vendors, !arrivals.contains("every"));
        match kind {
            "outage" => {
                let duration = self.of(&LENGTHS);
                self.say(&format!("duration = {duration}"));
                if self.one_in(2) {
                    let leaves = self.of(&[
                        "0.25",
                        "{ beta = { mean = 0.3, sd = 0.2 } }",
                        "1",
                        "{ values = [0, 0.5, 1], weights = [1, 1, 1] }",
                    ]);
                    self.say(&format!("leaves = {leaves}"));
                }
                if self.one_in(4) {
                    let effects = self.effects("\n", false, n_services);
                    self.say(&effects);
                }
            }
            "exclusivity" => {
                let length = if self.one_in(4) { "\"permanent\"" } else { self.of(&LENGTHS) };
                self.say(&format!("suspends = {length}"));
                if self.one_in(2) {
                    self.say("notice = \"1 day to 90 days\"");
                }
            }
            "legal" => {
                let n = 1 + self.below(3);
                for i in 0..n {
                    let after = self.of(&[r#""0 s""#, r#""10 days""#, r#""5 months to 9 months""#]);
                    let outcomes = self.outcomes(n_services);
                    // What lies before the start must be able to end after it.
                    let after =
                        if i == 0 && arrivals.contains("2025-01-15") { r#""5 months to 9 months""# } else { after };
                    self.say(&format!("[[risk.r{r}.stages]]\nname = \"t{i}\"\nafter = {after}\n{outcomes}"));
                }
            }
            _ => {
                let change = self.of(&CHANGES);
                self.say(&format!("price_change = {change}"));
                if self.one_in(2) {
                    self.say("for = \"20 days to 200 days\"");
                }
            }
        }
    }

    fn shares(&mut self, n_vendors: usize) -> String {
        let mut weights: Vec<usize> = (0..n_vendors).map(|_| self.below(4)).collect();
        if weights.iter().sum::<usize>() == 0 {
            weights[0] = 1;
        }
        let total: usize = weights.iter().sum();
        let list: Vec<String> = (0..n_vendors)
            .filter(|&v| weights[v] > 0)
            .map(|v| format!("v{v} = {}", weights[v] as f64 / total as f64))
            .collect();
        format!("{{ {} }}", list.join(", "))
    }

    fn playbook(&mut self, n_vendors: usize, n_services: usize) {
        let n = 1 + self.below(2);
        let entry = |tape: &mut Self| {
            let vendor = tape.below(n_vendors);
            let trigger = tape.of(&[
                "down_hours_above = \"5 h\"",
                "down_hours_above = \"100 h\"",
                "price_above = \"+4%\"",
                "price_above = \"+25%\"",
                "capability_below = 0.79",
                "capability_below = 0.6",
            ]);
            let lasting = tape.of(&["0 s", "3 days", "2 months"]);
            let takes = tape.of(&["0 s", "5 days", "3 months"]);
            let shares = if tape.one_in(3) {
                let each: Vec<String> = (0..n_services).map(|s| format!("s{s} = {}", tape.shares(n_vendors))).collect();
                format!("{{ {} }}", each.join(", "))
            } else {
                tape.shares(n_vendors)
            };
            let costs = tape.money(70_000.0);
            format!(
                "{{ when = {{ vendor = \"v{vendor}\", {trigger}, lasting = \"{lasting}\" }}, shares = {shares}, takes = \"{takes}\", costs = \"{costs}\" }}"
            )
        };
        let entries: Vec<String> = (0..n).map(|_| entry(self)).collect();
        self.say(&format!("playbook = [{}]", entries.join(", ")));
    }

    fn portfolio(&mut self, p: usize, n_vendors: usize, n_services: usize, n_covers: usize) {
        self.say(&format!("[portfolio.q{p}]"));
        let mut all = String::new();
        if self.one_in(3) {
            for s in 0..n_services {
                let shares = self.shares(n_vendors);
                writeln!(all, "shares.s{s} = {shares}").expect("a string");
            }
        } else {
            let shares = self.shares(n_vendors);
            writeln!(all, "shares = {shares}").expect("a string");
        }
        self.text.push_str(&all);
        let free: Vec<usize> = (0..n_vendors).filter(|v| !all.contains(&format!("v{v} ="))).collect();
        if !self.one_in(3) {
            let (detect, headroom, works) =
                (self.of(&["0 s", "10 min", "3 h"]), self.of(&["0", "0.6", "1", "3"]), self.of(&["1", "0.8"]));
            let standbys: Vec<usize> = free.iter().copied().filter(|_| self.one_in(2)).collect();
            let mut rooms: Vec<usize> = (0..n_vendors).filter(|v| !free.contains(v) || standbys.contains(v)).collect();
            let order = if self.one_in(3) {
                let start = self.below(rooms.len());
                rooms.rotate_left(start);
                rooms.truncate(1 + self.below(rooms.len()));
                let list: Vec<String> = rooms.iter().map(|v| format!("\"v{v}\"")).collect();
                format!(", order = [{}]", list.join(", "))
            } else {
                String::new()
            };
            self.say(&format!("failover = {{ detect = \"{detect}\", headroom = {headroom}, works = {works}{order} }}"));
            for vendor in standbys {
                let (capacity, starts) = (self.of(&["0.3", "1"]), self.of(&["0 s", "2 h", "2 days"]));
                let costs = self.money(10.0);
                self.say(&format!(
                    "standby.v{vendor} = {{ capacity = {capacity}, starts = \"{starts}\", costs = \"{costs}/h\" }}"
                ));
            }
        }
        if self.one_in(2) {
            let (patience, takes) = (
                self.of(&["5 h", "10 days", "30 days"]),
                self.of(&[r#""1 day""#, r#""3 weeks to 8 months""#, r#""0 s""#]),
            );
            let to = if self.one_in(2) { format!("to = [\"v{}\"], ", self.below(n_vendors)) } else { String::new() };
            let (low, high) = (self.money(40_000.0), self.money(500_000.0));
            self.say(&format!(
                "migration = {{ {to}patience = \"{patience}\", takes = {takes}, costs = \"{low} to {high}\" }}"
            ));
        }
        if self.one_in(2) {
            self.playbook(n_vendors, n_services);
        }
        let covers: Vec<String> = (0..n_covers).filter(|_| self.one_in(2)).map(|c| format!("\"c{c}\"")).collect();
        if !covers.is_empty() {
            self.say(&format!("covers = [{}]", covers.join(", ")));
        }
        if self.one_in(3) {
            let vendor = self.below(n_vendors);
            self.contract(&format!("contract.v{vendor} = {{ "), ", ", " }\n");
        }
        if self.one_in(2) {
            let (setup, overhead) = (self.money(30_000.0), self.money(2_000.0));
            self.say(&format!("setup = \"{setup}\"\noverhead = \"{overhead}/month\""));
        }
    }
}
