#!/usr/bin/env python3
"""Random scenarios without chance. python3 gen.py OUTDIR COUNT SEED [full]

Without `full`: only outage, legal, pricing, exclusivity and the response and contracts of the oracle's first step.
With `full`: every kind and every rule."""
import sys, os, json, random, datetime, traceback
from fractions import Fraction as Fr

UTC = datetime.timezone.utc


def iso(d):
    return d.strftime("%Y-%m-%dT%H:%M:%SZ")


def num(x):
    return f"{x:g}"


class Gen:
    def __init__(self, seed, n, full):
        self.r = random.Random(f"{seed}-{n}-{full}")
        self.n, self.full = n, full
        self.out = []

    def p(self, *x):
        self.out.append("".join(str(y) for y in x))

    def chance(self, q):
        return self.r.random() < q

    def scenario(self):
        r = self.r
        self.p(f'name = "oracle {"full" if self.full else "core"} {self.n}"')
        self.start = r.choice([datetime.datetime(2025, 6, 1), datetime.datetime(2025, 6, 1, 7), datetime.datetime(2025, 6, 3, 6, 30),
                               datetime.datetime(2024, 2, 27, 23, 15), datetime.datetime(2025, 12, 31, 13)]).replace(tzinfo=UTC)
        self.p("start = ", self.start.date() if self.start.hour == 0 and self.chance(.5) else iso(self.start))
        self.grid = self.chance(.55)           # everything on quarters of an hour: much touches
        hz = r.choice(["40 days", "200 days", "365 days", "500 days", "900 days", "730.5 days", "10 months", "14 weeks", "1.3 years", "8000 h", "1 year", "2 years", "61 days"])
        self.p(f'horizon = "{hz}"')
        import oracle
        self.H = float(oracle.duration(hz))
        if self.chance(.6):
            self.p(f'discount_rate = "{r.choice([1, 3, 4.5, 7, 12, 25])}%"')
        # nodes
        self.platforms = [f"p{i}" for i in range(r.choice([0, 1, 2, 2, 3, 4]))]
        self.vendors = [f"v{i}" for i in range(r.choice([2, 3, 3, 4, 4, 5]))]
        if self.chance(.3):
            r.shuffle(self.vendors)
        for i, x in enumerate(self.platforms):
            self.p(f"[platform.{x}]")
            if i and self.chance(.45):
                self.runs(self.platforms[:i])
        unit = r.choice(["call", "tok"])
        self.unit = unit
        for x in self.vendors:
            self.p(f"[vendor.{x}]")
            if unit == "call":
                self.p(f'price = "${r.uniform(1, 9):.2f}/call"')
            else:
                x = r.uniform(1, 9)
                self.p(r.choice([f'price = "${x:.2f}/Mtok"', f'price = "${x:.2f}/Mtok"', f'price = "${x / 1000:.5f}/ktok"', f'price = "${x:.2f}k/Gtok"', f'price = "${x * 1e6:,.0f}/Ttok"']))
            if self.platforms and self.chance(.65):
                self.runs(self.platforms)
            if self.full and self.chance(.5):
                self.p(f"capability = {r.uniform(.8, 1.15):.2f}")
            if self.full and self.chance(.4):
                self.p(f'stake = "${r.randint(3, 90)}M"')
        self.services = [f"s{i}" for i in range(r.choice([1, 1, 2, 2, 3]))]
        for s in self.services:
            self.service(s)
        for v in self.vendors:
            if self.chance(.55):
                self.p(f"[contract.{v}]")
                for k, x in self.contract().items():
                    self.p(f"{k} = {x}")
        self.risks = []
        k = r.randint(3, 12)
        kinds = ["outage"] * 6 + ["on-two"] * 2 + ["exclusivity"] * 4 + ["legal", "staged"] * 2 + ["pricing"] * 3 + ["path"] * 2
        if self.full:
            kinds += ["delay", "retirement", "governance", "governance", "breach", "insolvency", "retaliation"]
        self.ends = []                          # moments at which something stops: others like to begin there
        for i in range(k):
            self.risk(i, r.choice(kinds))
        if self.full and self.chance(.5):
            self.p("[cover.bi]")
            self.p(f'waiting = "{r.choice(["1 h", "8 h", "0 h"])}"')
            self.p(f'per_event = {{ deductible = "${r.choice([10, 200])}k", limit = "${r.choice([1, 5])}M" }}')
            if self.chance(.7):
                self.p(f'per_year = {{ limit = "${r.choice([2, 6])}M" }}')
            self.p("pays = 0.9")
            self.p('premium = "$600k/year"')
            if self.chance(.5):
                self.p("risks = ", json.dumps(r.sample(self.risks, r.randint(1, len(self.risks)))))
            self.cover = True
        else:
            self.cover = False
        for i in range(r.choice([2, 2, 3, 4])):
            self.portfolio(i)
        return "\n".join(self.out) + "\n"

    def runs(self, pool):
        r = self.r
        x = r.sample(pool, r.choice([1, 1, min(2, len(pool)), min(3, len(pool))]))
        if len(x) > 1 and self.chance(.5):
            self.p("runs_on = { any_of = ", json.dumps(x), " }")
        else:
            self.p("runs_on = ", json.dumps(x))

    def service(self, s):
        r = self.r
        self.p(f"[service.{s}]")
        x = r.randint(3, 40)
        self.p("revenue = ", r.choice([f'"${x}k/h"', f'"${x * 24}k/day"', f'"${x * 730.5 / 1000:.4f}M/month"', f'"${x * 8.766:.3f}M/year"', f'"${x},000/h"']))
        if self.chance(.5):
            self.p(f'growth = "{r.choice(["+25%", "+8%", "-10%", "+60%"])}"')
        if self.chance(.45):
            self.p(f"margin = {r.choice([.5, .7, .9])}")
        if self.chance(.55):
            wd = "weekday = " + json.dumps([r.randint(1, 6) for _ in range(7)])
            hr = "hour = " + json.dumps([r.randint(0, 9) for _ in range(23)] + [3])
            self.p("calendar = { ", r.choice([wd, hr, wd + ", " + hr, wd + ", " + hr]), " }")
        if self.chance(.75):
            n = r.randint(100, 2000)
            if self.unit == "call":
                self.p("usage = ", r.choice([f'"{n} call/h"', f'"{n * 24 / 1000:g} kcall/day"', f'"{n * 730} call/month"']))
            else:
                self.p("usage = ", r.choice([f'"{n} Mtok/h"', f'"{n * 730.5 / 1e6:g} Ttok/month"', f'"{n * 24 / 1000:g} Gtok/day"']))
        if self.chance(.55):
            self.p(f'tolerance = "{r.choice(["5 min", "20 min", "90 min", "15 min", "6 h", "2 days"])}"')
        if self.full and self.chance(.5):
            self.p(f'churn = {{ after = "{r.choice(["1 h", "3 h", "24 h"])}", loses = "{r.choice([.5, 1, 3])}%", returns = "{r.randint(1, 12)} months" }}')
        if self.full and self.chance(.5):
            self.p(f"sensitivity = {r.choice([.2, .5, 1.1])}")

    def contract(self):
        r, c = self.r, {}
        if self.chance(.5):
            c["price_cap"] = f'"+{r.choice([0, 5, 10, 25])}%"'
        if self.chance(.4):
            c["commitment"] = f'"${r.choice([1, 3, 8, 20, 40])}M/year"'
        if self.chance(.4):
            c["exit_fee"] = f'"${r.randint(100, 900)}k"'
        if self.full and self.chance(.4):
            c["sla"] = '[{ below = 0.999, credit = "10%" }, { below = 0.97, credit = "25%" }, { below = 0.7, credit = "50%" }]'
        if self.full and self.chance(.3):
            c["rebates"] = '[{ above = "$3M/year", off = "5%" }, { above = "$12M/year", off = "11%" }]'
        return c

    # --- moments
    def moment(self, lo=0.0, hi=None):
        """hours from start"""
        r = self.r
        hi = self.H - 0.5 if hi is None else hi
        if self.grid:
            if self.ends and self.chance(.4):
                z = r.choice(self.ends)
                if lo <= z < hi:
                    return z
            z = round(r.uniform(lo, hi) * 4) / 4
            return min(max(z, lo), hi if hi * 4 == int(hi * 4) else int(hi))
        return max(lo, int(r.uniform(lo, hi) * 60) / 60)

    def date(self, h):
        return self.start + datetime.timedelta(minutes=round(h * 60))

    def hours(self, kind=None):
        """(text, hours) of a length"""
        r = self.r
        k = kind or r.choice(["h", "h", "days", "long"])
        if k == "h":
            x = r.choice([.25, .5, 1, 2, 2.5, 4, 7.75, 12, 30, 75]) if self.grid else round(r.uniform(.2, 90), 2)
            return (f"{x:g} h", x) if x >= 1 or not self.grid else (f"{x * 60:g} min", x)
        if k == "days":
            x = r.choice([1, 2, 3.5, 7, 10, 12.25]) if self.grid else round(r.uniform(2, 20), 1)
            return f"{x:g} days", x * 24
        x = r.choice([14, 21, 30, 45, 60, 100]) if self.grid else round(r.uniform(15, 140), 1)
        return f"{x:g} days", x * 24

    def ats(self, n, last):
        out = []
        for _ in range(n):
            if out and self.grid and self.chance(.35):
                z = out[-1] + last
                if z >= self.H - .5:
                    z = self.moment()
            else:
                z = self.moment()
            if z not in out:
                out.append(z)
        if self.chance(.8):
            out.sort()
        return out

    def arrivals(self, last, many=5):
        r = self.r
        if self.chance(.06) and self.H > 1500:
            d = r.choice([20, 30, 45])
            self.out[-1] = self.out[-1].replace("times = 3.0", "times = 1")   # a renewal can only be thinned
            self.p(f'arrivals = {{ every = "{d} days" }}')
            return
        z = self.ats(r.randint(1, many), last)
        self.ends += [x + last for x in z] + z
        pr = ", probability = 1" if self.chance(.1) else ""
        self.p("arrivals = { at = [", ", ".join(iso(self.date(x)) for x in z), "]", pr, " }")

    def node(self):
        return self.r.choice(self.vendors + self.vendors + self.platforms)

    def condition(self, q):
        r = self.r
        if not self.chance(q):
            return ""
        v, l = r.choice(self.vendors), r.choice([.1, .3, .5, "30%"])
        l = json.dumps(l)
        if self.chance(.7):
            return f'only_if = {{ uses = "{v}", at_least = {l} }}'
        return f'rate_if = [{{ uses = "{v}", at_least = {l}, times = {r.choice([0, 1, 3.0])} }}]'

    def revenue_change(self):
        r = self.r
        s = r.sample(self.services, r.randint(1, len(self.services)))
        return "{ " + ", ".join(f'{x} = "{r.choice(["+6%", "-4%", "-20%", "+30%", "-55%"])}"' for x in s) + " }"

    def more(self, suspends=True, stake=True):
        """further effects as 'key = value' texts"""
        r, out = self.r, []
        if suspends and self.chance(.6):
            out.append('suspends = ' + (f'"{self.hours()[0]}"' if self.chance(.75) else '"permanent"'))
        if self.chance(.5):
            out.append(f'notice = "{self.hours(r.choice(["h", "days", "long"]))[0]}"')
        if self.chance(.35):
            out.append("revenue_change = " + self.revenue_change())
        if self.chance(.35):
            out.append(f'price_change = "{r.choice(["+15%", "-30%", "+50%"])}"')
        if self.full and self.chance(.3):
            out.append(f'capability_change = "{r.choice(["-4%", "-15%", "+8%"])}"')
        if self.full and stake and self.chance(.3):
            out.append(f'stake_change = "{r.choice(["-10%", "-60%", "+20%"])}"')
        if any(x.split()[0].endswith("_change") and not x.startswith("stake") for x in out):
            if self.chance(.6):
                out.append(f'for = "{self.hours("long")[0]}"')
            if any(x.startswith(("revenue", "capab")) for x in out) and self.chance(.6):
                out.append(f'over = "{self.hours(r.choice(["h", "days"]))[0]}"')
        if self.chance(.4):
            out.append(f'cost = "${r.randint(1, 9)}M"')
            if self.chance(.4):
                out.append(f'scales_with = "{r.choice(["use", "share"])}"')
        return out

    def head(self, i, name, kind, on, cond=.12):
        self.risks.append(f"r{i}-{name}")
        self.p(f"[risk.r{i}-{name}]")
        self.p(f'kind = "{kind}"')
        self.p("on = ", json.dumps(on))
        c = self.condition(cond)
        if c:
            self.p(c)

    def outcome(self, name):
        p = self.r.choice([1.0, 1.0, 1.0, 0.0])
        m = self.more(stake=False)
        c = self.condition(.15)
        if c:
            m.append(c)
        if self.chance(.25):
            m.append(f"ends = {self.r.choice(['true', 'false'])}")
        return p, m

    def risk(self, i, what):
        r = self.r
        if what in ("outage", "on-two"):
            on = self.node()
            if what == "on-two":
                pool = self.vendors + self.platforms
                on = r.sample(pool, min(len(pool), r.choice([2, 2, 3])))
            self.head(i, what, "outage", on)
            text, h = self.hours()
            self.arrivals(h)
            self.p(f'duration = "{text}"')
            if self.chance(.6):
                x = r.choice([.05, .2, .36, .5, .75, .9, .99, 0, "25%"])
                self.p("leaves = ", json.dumps(x))
            if self.chance(.25):
                self.p(f'cost = "${r.randint(1, 9)}M"')
                if self.chance(.4):
                    self.p(f'scales_with = "{r.choice(["use", "share"])}"')
        elif what == "exclusivity":
            on = self.node() if self.chance(.85) else r.sample(self.vendors, 2)
            self.head(i, what, "exclusivity", on)
            m = self.more()
            if not any(x.startswith(("suspends", "revenue_change")) for x in m):
                m.append(f'suspends = "{self.hours()[0]}"')
            self.arrivals(240, r.choice([1, 1, 1, 3]))
            for x in m:
                self.p(x)
        elif what == "legal":
            self.head(i, what, "legal", self.node())
            self.arrivals(100, 2)
            outs = []
            p = [1.0] if self.chance(.6) else r.choice([[0.0, 1.0], [1.0, 0.0]])
            for j, q in enumerate(p):
                _, m = self.outcome("x")
                m = [x for x in m if not x.startswith("ends")]
                outs.append("{ " + ", ".join([f'name = "x{j}"', f"probability = {q}"] + m) + " }")
            self.p("outcomes = [", ", ".join(outs), "]")
        elif what == "staged":
            self.head(i, what, "legal", self.node())
            n = r.choice([1, 2, 2, 3])
            after = [self.hours(r.choice(["days", "long"])) for _ in range(n)]
            if self.chance(.45):
                back = r.uniform(.1, .9) * after[0][1]
                z = -round(back * 4) / 4
                d = [self.date(z)]
                if self.chance(.2):
                    d.append(self.date(self.moment()))
                self.p("arrivals = { at = [", ", ".join(iso(x) for x in d), "] }")
                if self.chance(.3):
                    self.p(f'cost = "${r.randint(1, 9)}M"')   # past for the first date
            else:
                self.arrivals(200, 2)
                if self.chance(.3):
                    self.p(f'cost = "${r.randint(1, 9)}M"')
            st = []
            for j in range(n):
                head = [f'name = "t{j}"', f'after = "{after[j][0]}"']
                if self.chance(.35):
                    p, m = self.outcome("y")
                    st.append("{ " + ", ".join(head + [f"probability = {p}"] + m) + " }")
                else:
                    outs = []
                    for jj, q in enumerate([1.0] if self.chance(.6) else r.choice([[0.0, 1.0], [1.0, 0.0], [0.0]])):
                        _, m = self.outcome("y")
                        outs.append("{ " + ", ".join([f'name = "y{j}{jj}"', f"probability = {q}"] + m) + " }")
                    e = [f"ends = {r.choice(['true', 'false'])}"] if self.chance(.2) else []
                    st.append("{ " + ", ".join(head + ["outcomes = [" + ", ".join(outs) + "]"] + e) + " }")
            self.p("stages = [", ", ".join(st), "]")
        elif what == "pricing":
            on = self.node() if self.chance(.75) else r.sample(self.vendors, 2)
            self.head(i, what, "pricing", on)
            self.arrivals(r.choice([24, 240]), 4)
            self.p(f'price_change = "{r.choice(["+12%", "+50%", "-30%", "-8%", "+3%"])}"')
            if self.chance(.6):
                self.p(f'for = "{self.hours("long")[0]}"')
            if self.chance(.4):
                self.p(f'notice = "{self.hours(r.choice(["days", "long"]))[0]}"')
        elif what == "path":
            self.risks.append(f"r{i}-path")
            self.p(f"[risk.r{i}-path]")
            self.p('kind = "pricing"')
            self.p("on = ", json.dumps(r.sample(self.vendors, r.randint(1, 2))))
            self.p(f'path = {{ drift = "{r.choice([-35, -5, 20, 45])}%", volatility = 0.0 }}')
            if self.chance(.25):
                self.arrivals(240, 2)
                self.p('price_change = "+12%"')
        elif what == "delay":
            self.risks.append(f"r{i}-delay")
            self.p(f"[risk.r{i}-delay]")
            self.p('kind = "delay"')
            self.p(f'on = "{r.choice(self.vendors)}"')
            self.p("due = ", iso(self.date(self.moment())))
            self.p(f'slips = "{self.hours("long")[0]}"')
            self.p(f'gap = "{r.choice([-5, -12, -30])}%"')
            if self.chance(.5):
                self.p(f'over = "{self.hours("days")[0]}"')
        else:
            on = self.node() if self.chance(.85) else r.sample(self.vendors, 2)
            self.head(i, what, what, on, 1.0 if what == "retaliation" else .12)
            self.arrivals(240, 3)
            m = self.more(suspends=what != "insolvency")
            if what == "retirement":
                m = [x for x in m if not x.startswith(("notice", "cost", "scales_with"))]
                m += [f'notice = "{self.hours("long")[0]}"', f'cost = "${r.randint(1, 19)}M"']
            if what == "insolvency" and self.chance(.5):
                m.append(f'suspends = "{self.hours()[0]}"')
            if all(x.startswith("notice") for x in m):
                m.append('cost = "$3M"')       # a risk that does nothing is refused
            if len(self.risks) > 1 and self.chance(.4):
                to = [x for x in self.risks[:-1] if not x.endswith(("-path", "-delay", "-staged"))]
                if to:
                    m.append(f'causes = {{ {r.choice(to)} = {{ probability = 1.0, after = "{self.hours()[0]}" }} }}')
            for x in m:
                self.p(x)

    # --- portfolios
    def split(self, pool, one=.3):
        r = self.r
        if self.chance(one):
            return {r.choice(pool): 20}
        k = r.sample(pool, r.randint(2, len(pool)))
        x = {v: 1 for v in k}
        for _ in range(20 - len(k)):
            x[r.choice(k)] += 1
        if self.chance(.12):
            rest = [v for v in pool if v not in x]
            if rest:
                y = list(x.items())
                y.insert(r.randint(0, len(y)), (r.choice(rest), 0))
                x = dict(y)
        return x

    def shares(self, x):
        pc = self.chance(.1)
        return "{ " + ", ".join(f'{v} = ' + (f'"{n * 5}%"' if pc else f"{n / 20:g}" if n % 20 else f"{n / 20:.1f}") for v, n in x.items()) + " }"

    def portfolio(self, i):
        r = self.r
        self.p(f"[portfolio.f{i}]")
        if i == 0:
            self.p("baseline = true")
        if len(self.services) > 1 and self.chance(.5):
            sh = [self.split(self.vendors) for _ in self.services]
            for s, x in zip(self.services, sh):
                self.p(f"shares.{s} = ", self.shares(x))
        else:
            sh = [self.split(self.vendors)]
            self.p("shares = ", self.shares(sh[0]))
        used = {v for x in sh for v, n in x.items() if n}
        idle = [v for v in self.vendors if v not in {v for x in sh for v in x}]
        stand = []
        if self.chance(.75):
            x = [f'detect = "{r.choice(["0 min", "5 min", "30 min", "45 s", "3 h"])}"' if self.chance(.85) else "",
                 f"headroom = {r.choice([0, .1, .4, .6, 1.0, 1.5])}" if self.chance(.9) else ""]
            if len(sh) > 1 and self.chance(.3):
                idle = [v for v in self.vendors if not all(x.get(v) for x in sh)]
            if idle and self.chance(.6):
                stand = [v for v in self.vendors if v in r.sample(idle, r.randint(1, len(idle)))]
            if self.chance(.4):
                pool = list(used | set(stand))
                pool = [v for v in self.vendors if v in pool]
                r.shuffle(pool)
                if self.chance(.3) and len(pool) > 1:
                    pool = pool[:-1]
                elif self.chance(.3):
                    pool += [v for v in self.vendors if v not in pool][:1]
                x.append("order = " + json.dumps(pool))
            self.p("failover = { ", ", ".join(y for y in x if y), " }")
        if stand:
            self.p("standby = { ", ", ".join(
                f'{v} = {{ capacity = {r.choice([.1, .3, .8, 1.0])}, starts = "{r.choice(["0 min", "40 min", "200 min", "2 h", "1 day"])}", costs = "${r.randint(5, 50)}k/month" }}' for v in stand), " }")
        if self.chance(.7):
            to = ""
            if self.chance(.45):
                to = "to = " + json.dumps(r.sample(self.vendors, r.randint(1, min(3, len(self.vendors))))) + ", "
            takes = self.hours(r.choice(["days", "long", "h"]))[0]
            self.p(f'migration = {{ {to}patience = "{r.choice(["2.97 days", "9.13 days", "29.33 days", "11.1 h", "1.55 days"])}", takes = "{takes}", costs = "${r.randint(1, 9)}00k" }}')
        if self.chance(.5):
            self.p(f'overhead = "${r.randint(3, 90)}k/month"')
        if self.chance(.4):
            self.p(f'setup = "${r.randint(1, 9)}M"')
        if self.cover and self.chance(.7):
            self.p('covers = ["bi"]')
        if self.full and self.chance(.55):
            v = r.choice(self.vendors)
            when = r.choice(['price_above = "+21%"', 'price_above = "+6%"', "capability_below = 0.8", "capability_below = 0.65",
                             'down_hours_above = "5 h"', 'down_hours_above = "40 h"'])
            las = r.choice(['', ', lasting = "3 days"', ', lasting = "30 days"', ', lasting = "0 days"'])
            self.p(f'playbook = [{{ when = {{ vendor = "{v}", {when}{las} }}, shares = {self.shares(self.split(self.vendors))}, takes = "{self.hours("long")[0]}", costs = "$400k" }}]')
        for v in self.vendors:
            if self.chance(.25):
                c = self.contract() if self.chance(.8) else {}
                self.p(f"contract.{v} = {{ ", ", ".join(f"{k} = {x}" for k, x in c.items()), " }")


def main():
    import oracle
    out, count, seed = sys.argv[1], int(sys.argv[2]), sys.argv[3]
    full = "full" in sys.argv[4:]
    os.makedirs(out, exist_ok=True)
    n = k = 0
    while k < count:
        n += 1
        g = Gen(seed, n, full)
        text = g.scenario()
        name = os.path.join(out, f"{k + 1:02d}")
        with open(name + ".toml", "w") as f:
            f.write(text)
        try:
            x = oracle.run(name + ".toml")
        except AssertionError as e:
            print("skipped", n, e, file=sys.stderr)
            continue
        except Exception:
            traceback.print_exc()
            print("in attempt", n, file=sys.stderr)
            continue
        json.dump(x, open(name + ".expected.json", "w"))
        k += 1


if __name__ == "__main__":
    main()
