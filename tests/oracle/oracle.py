#!/usr/bin/env python3
"""Slow and simple oracle of MODEL.md for scenarios in which nothing is left to chance.

    python3 oracle.py case.toml           prints the figures as JSON
    python3 oracle.py --check case.toml   compares with case.expected.json

Times, availabilities and shares are Fractions (so "equal", "touching" and "> 0" are exact); money is float.
Every stretch of time is cut at everything that changes, and at months; between cuts the integrals are exact
(antiderivative of the exponential per calendar hour) or, where something rises linearly, Gauss-Legendre per calendar hour.
"""
import sys, json, math, re, datetime, tomllib, bisect
from fractions import Fraction as Fr
from collections import defaultdict

YEAR, MONTH, WEEK, DAY = Fr(8766), Fr(1461, 2), Fr(168), Fr(24)
INF = Fr(10) ** 12
COMPONENTS = ["interruption", "churn", "capability", "market", "spend", "overhead", "migration", "one_off", "stake", "cover"]
EPS_SHARE = Fr(1, 10 ** 9)
OPT = {"order": "effect", "exit": "step", "standby": "last"}

# ------------------------------------------------------------------ quantities
UNITS = {"s": Fr(1, 3600), "sec": Fr(1, 3600), "min": Fr(1, 60), "h": Fr(1), "hour": Fr(1), "day": DAY, "week": WEEK,
         "month": MONTH, "year": YEAR}


def unit_hours(u):
    if u in UNITS:
        return UNITS[u]
    if u.endswith("s") and u[:-1] in UNITS:
        return UNITS[u[:-1]]
    raise ValueError("unit " + u)


def number(x):
    if isinstance(x, (int, Fr)):
        return Fr(x)
    return Fr(x.replace(",", "").replace("_", ""))


def duration(x):
    if x == "permanent":
        return None
    if not isinstance(x, str):
        return Fr(x)
    m = re.fullmatch(r"\s*([-+\d.,_eE]+)\s*([a-z]+)\s*", x)
    return number(m[1]) * unit_hours(m[2])


def fraction(x):
    if isinstance(x, str):
        x = x.strip()
        if x.endswith("%"):
            return number(x[:-1].strip()) / 100
    return number(x)


SUFFIX = {"": 1, "k": 10 ** 3, "M": 10 ** 6, "m": 10 ** 6, "bn": 10 ** 9, "B": 10 ** 9, "b": 10 ** 9, "G": 10 ** 9, "T": 10 ** 12, "tn": 10 ** 12}


def money(x):
    if not isinstance(x, str):
        return Fr(x)
    m = re.fullmatch(r"\s*(-?)[^\d\w.+-]*\s*(-?[\d.,_]+)\s*([A-Za-z]*)\s*", x)
    return (-1 if m[1] else 1) * number(m[2]) * SUFFIX[m[3]]


def money_rate(x):
    """per hour"""
    if not isinstance(x, str):
        if x == 0:
            return Fr(0)
        raise ValueError(x)
    a, u = x.rsplit("/", 1)
    return money(a) / unit_hours(u.strip())


def money_per_year(x):
    return money_rate(x) * YEAR


PREFIX = {"k": 10 ** 3, "M": 10 ** 6, "G": 10 ** 9, "T": 10 ** 12}


def word(u):
    u = u.strip()
    if len(u) > 1 and u[0] in PREFIX:
        return PREFIX[u[0]], u[1:]
    return 1, u


def usage(x):
    a, u = x.rsplit("/", 1)
    m = re.fullmatch(r"\s*([\d.,_]+)\s*([A-Za-z]+)\s*", a)
    k, w = word(m[2])
    return number(m[1]) * k / unit_hours(u.strip())


def price(x):
    a, u = x.rsplit("/", 1)
    k, w = word(u)
    return money(a) / k


def instant(x):
    if isinstance(x, datetime.datetime):
        if x.tzinfo is None:
            x = x.replace(tzinfo=datetime.timezone.utc)
        return x.astimezone(datetime.timezone.utc)
    return datetime.datetime(x.year, x.month, x.day, tzinfo=datetime.timezone.utc)


# ------------------------------------------------------------------ demand
GL_X, GL_W = [], []


def gauss(n):
    xs, ws = [], []
    for i in range(n):
        x = math.cos(math.pi * (i + 0.75) / (n + 0.5))
        for _ in range(100):
            p0, p1 = 1.0, x
            for k in range(2, n + 1):
                p0, p1 = p1, ((2 * k - 1) * x * p1 - (k - 1) * p0) / k
            dp = n * (x * p1 - p0) / (x * x - 1)
            dx = p1 / dp
            x -= dx
            if abs(dx) < 1e-16:
                break
        xs.append(x)
        ws.append(2 / ((1 - x * x) * dp * dp))
    return xs, ws


GL5, GL14 = gauss(6), gauss(14)


def expint(lam, a, b):
    if abs(lam) * (b - a) < 1e-14:
        return math.exp(lam * a) * (b - a)
    return math.exp(lam * a) * math.expm1(lam * (b - a)) / lam


class Demand:
    """G(t) = (1+g)^years x calendar; integrals of G e^{-rho t} (kind 'd') and of G (kind 'n')."""

    def __init__(self, sc, t):
        self.lg = math.log(1 + float(fraction(t.get("growth", 0)))) / float(YEAR)
        self.lam = {"d": self.lg - sc.rho, "n": self.lg}
        self.cal = None
        c = t.get("calendar")
        if c:
            wk = [float(x) for x in c.get("weekday", [1] * 7)]
            hr = [float(x) for x in c.get("hour", [1] * 24)]
            wk = [x / (sum(wk) / 7) for x in wk]
            hr = [x / (sum(hr) / 24) for x in hr]
            s = sc.start
            floor = s.replace(minute=0, second=0, microsecond=0)
            self.off = float(Fr(int((s - floor).total_seconds()), 3600))
            n = int(float(sc.H)) + 3
            self.cal = []
            for j in range(n):
                z = floor + datetime.timedelta(hours=j)
                self.cal.append(wk[z.weekday()] * hr[z.hour])
            self.pre = {}
            for kind in "dn":
                acc, p = 0.0, [0.0]
                for j in range(n):
                    a = max(0.0, j - self.off)
                    acc += self.cal[j] * expint(self.lam[kind], a, j + 1 - self.off)
                    p.append(acc)
                self.pre[kind] = p

    def at(self, t):
        """calendar weight at float t (strictly inside an hour)"""
        if self.cal is None:
            return 1.0
        return self.cal[int(math.floor(t + self.off))]

    def integral(self, kind, a, b):
        a, b = float(a), float(b)
        if self.cal is None:
            return expint(self.lam[kind], a, b)
        return self.general(self.lam[kind], a, b, self.pre[kind])

    def general(self, lam, a, b, pre=None):
        """integral of cal(t) e^{lam t} over [a, b]"""
        if self.cal is None:
            return expint(lam, a, b)
        ja = int(math.floor(a + self.off + 1e-12))
        jb = int(math.floor(b + self.off + 1e-12))
        if ja == jb:
            return self.cal[ja] * expint(lam, a, b) if b > a else 0.0
        tot = self.cal[ja] * expint(lam, a, ja + 1 - self.off)
        if pre is not None:
            tot += pre[jb] - pre[ja + 1]
        else:
            for j in range(ja + 1, jb):
                tot += self.cal[j] * expint(lam, j - self.off, j + 1 - self.off)
        if b > jb - self.off:
            tot += self.cal[jb] * expint(lam, jb - self.off, b)
        return tot

    def nodes(self, a, b, ramp):
        """[(t, weight discounted, weight nominal)] so that the integral of f G is the sum of f(t) w"""
        a, b = float(a), float(b)
        if not ramp:
            return [((a + b) / 2, self.integral("d", a, b), self.integral("n", a, b))]
        cuts = [a, b]
        if self.cal is not None:
            j = int(math.floor(a + self.off)) + 1
            cuts = [a]
            while j - self.off < b:
                if j - self.off > a:
                    cuts.append(j - self.off)
                j += 1
            cuts.append(b)
            X, W = GL5
        else:
            X, W = GL14
        out = []
        for p, q in zip(cuts, cuts[1:]):
            if q - p < 1e-12:
                continue
            m, h = (p + q) / 2, (q - p) / 2
            c = self.at(m)
            for x, w in zip(X, W):
                t = m + h * x
                out.append((t, w * h * c * math.exp(self.lam["d"] * t), w * h * c * math.exp(self.lam["n"] * t)))
        return out


# ------------------------------------------------------------------ scenario
class Risk:
    pass


class Event:
    def __init__(self, risk, tau, index, parent=None):
        self.risk, self.tau, self.index, self.parent = risk, tau, index, parent

    def key(self):
        return (self.tau, self.risk.order, self.index)


EFFECT_KEYS = ["duration", "leaves", "suspends", "notice", "price_change", "for", "over", "capability_change", "revenue_change",
               "cost", "scales_with", "stake_change", "causes", "raises", "contract"]


class Scenario:
    def __init__(self, path):
        with open(path, "rb") as f:
            self.raw = raw = tomllib.load(f, parse_float=Fr)
        self.start = instant(raw["start"])
        self.H = duration(raw["horizon"])
        self.rho = math.log(1 + float(fraction(raw.get("discount_rate", 0)))) / float(YEAR)
        self.platforms = list(raw.get("platform", {}))
        self.vendors = list(raw.get("vendor", {}))
        self.nodes = self.platforms + self.vendors
        self.table = {**raw.get("platform", {}), **raw.get("vendor", {})}
        self.price = {v: float(price(t["price"])) if "price" in t else 0.0 for v, t in raw.get("vendor", {}).items()}
        self.cap0 = {v: float(fraction(t.get("capability", 1))) for v, t in raw.get("vendor", {}).items()}
        self.stake = {v: float(money(t.get("stake", 0))) for v, t in raw.get("vendor", {}).items()}
        self.services = list(raw["service"])
        self.svc = raw["service"]
        self.R0 = {s: float(money_rate(t["revenue"])) for s, t in self.svc.items()}
        self.R0x = {s: money_rate(t["revenue"]) for s, t in self.svc.items()}
        self.U0 = {s: float(usage(t["usage"])) if "usage" in t else 0.0 for s, t in self.svc.items()}
        self.margin = {s: float(fraction(t.get("margin", 1))) for s, t in self.svc.items()}
        self.sens = {s: float(fraction(t.get("sensitivity", 0))) for s, t in self.svc.items()}
        self.tol = {s: duration(t.get("tolerance", "0 h")) for s, t in self.svc.items()}
        self.demand = {s: Demand(self, t) for s, t in self.svc.items()}
        self.months = [k * MONTH for k in range(int(math.ceil(self.H / MONTH)))]
        self.years = int(math.ceil(self.H / YEAR))
        self.portfolios = raw["portfolio"]
        self.covers = raw.get("cover", {})
        self.supports = {n: self.support(n) for n in self.nodes}
        self.risks, self.by_name = [], {}
        for i, (name, t) in enumerate(raw.get("risk", {}).items()):
            r = Risk()
            r.name, r.t, r.order = name, t, i
            r.kind = t["kind"]
            r.on = [t["on"]] if isinstance(t["on"], str) else list(t["on"])
            r.struck = self.struck(r.on)
            self.risks.append(r)
            self.by_name[name] = r
        self.world()

    def needs(self, n):
        r = self.table[n].get("runs_on", [])
        if isinstance(r, dict):
            return "any", list(r["any_of"])
        return "all", list(r)

    def support(self, n):
        out, todo = set(), [n]
        while todo:
            x = todo.pop()
            if x not in out:
                out.add(x)
                todo += self.needs(x)[1]
        return out

    def avail(self, own, n):
        a = own.get(n, Fr(1))
        kind, below = self.needs(n)
        if not below or a == 0:
            return a
        vals = [self.avail(own, b) for b in below]
        if kind == "any":
            return a * max(vals)
        for x in vals:
            a *= x
        return a

    def struck(self, on):
        own = {n: Fr(0) for n in on}
        return [v for v in self.vendors if self.avail(own, v) == 0]

    # --- events of the world, all of them; what a portfolio sees is decided later
    def world(self):
        self.events = []
        for r in self.risks:
            t = r.t
            if r.kind == "delay":
                slip = duration(t["slips"])
                if slip > 0:
                    self.event(r, self.hours(t["due"]), 0, None)
                continue
            a = t.get("arrivals")
            if not a:
                continue
            if "at" in a:
                p = fraction(a.get("probability", 1))
                top = self.top(p, t)
                assert top in (0, 1), "chance in " + r.name
                if top == 1:
                    for i, d in enumerate(a["at"]):
                        self.event(r, self.hours(d), i, None)
            elif "every" in a:
                step, i = duration(a["every"]), 0
                while (i + 1) * step < self.H:
                    self.event(r, (i + 1) * step, i, None)
                    i += 1
            elif "once" in a and fraction(a["once"]["probability"]) == 0:
                pass
            else:
                raise ValueError("chance in " + r.name)
        self.events.sort(key=Event.key)

    def hours(self, d):
        z = instant(d) - self.start
        return Fr(z.days * 86400 + z.seconds, 3600) + Fr(z.microseconds, 3600 * 10 ** 6)

    @staticmethod
    def conditions(t):
        out = []
        for c in t.get("rate_if", []):
            out.append((c["uses"], fraction(c["at_least"]), fraction(c["times"]), None))
        if "only_if" in t:
            c = t["only_if"]
            out.append((c["uses"], fraction(c["at_least"]), Fr(1), Fr(0)))
        return out

    def top(self, p, t):
        for _, _, times, _ in self.conditions(t):
            if times > 1:
                p *= times
        return min(Fr(1), p)

    def sees(self, p, t, planned):
        """does a portfolio with these planned shares of all traffic see what has this probability?"""
        top = self.top(p, t)
        q = p
        for uses, least, times, other in self.conditions(t):
            ok = planned.get(uses, Fr(0)) >= least
            q *= times if ok else (Fr(1) if other is None else other)
        q = min(Fr(1), q)
        if top == 0:
            return False
        ratio = q / top
        assert top == 1 and ratio in (0, 1), "chance"
        return ratio == 1

    def event(self, r, tau, index, parent):
        if tau >= self.H:
            return
        e = Event(r, tau, index, parent)
        e.pieces = []  # (tau, effects, [(probability, conditions table)], ends, stage)
        t = r.t
        if r.kind == "delay":
            fx = {"capability_change": t["gap"], "for": t["slips"]}
            for k in t:
                if k in EFFECT_KEYS:
                    fx[k] = t[k]
            e.pieces.append((tau, fx, None, False))
        else:
            if tau >= 0:
                fx = {k: t[k] for k in t if k in EFFECT_KEYS}
                if r.kind == "insolvency":
                    fx.setdefault("suspends", "permanent")
                e.pieces.append((tau, fx, None, False))
                self.outcomes(e, tau, t.get("outcomes", []), False)
            z = tau
            for st in t.get("stages", []):
                z = z + duration(st["after"])
                if "outcomes" in st:
                    self.outcomes(e, z, st["outcomes"], st.get("ends", False))
                else:
                    self.outcomes(e, z, [st], st.get("ends", False))
        self.events.append(e)
        e.number = len(self.events)
        for (z, fx, cond, _) in e.pieces:
            for name, c in fx.get("causes", {}).items():
                p = fraction(c["probability"])
                child = self.by_name[name]
                if not self.chance_top(p, child.t):
                    continue
                when = z + duration(fx.get("notice", "0 h")) + duration(c["after"])
                self.event(child, when, 10 ** 6 + len(self.events), (e, (z, fx, cond), p))

    def chance_top(self, p, t):
        top = self.top(p, t)
        assert top in (0, 1), "chance"
        return top == 1

    def outcomes(self, e, z, outs, ends):
        for o in outs:
            p = fraction(o["probability"])
            if self.chance_top(p, o):
                fx = {k: o[k] for k in o if k in EFFECT_KEYS}
                e.pieces.append((z, fx, (p, o), ends or o.get("ends", False)))

    def seen_pieces(self, e, planned):
        """the pieces of an event that a portfolio sees; [] and False if it does not see the event"""
        t = e.risk.t
        if e.parent is None:
            a = t.get("arrivals", {})
            p = fraction(a.get("probability", 1)) if "at" in a else Fr(1)
            if not self.sees(p, t, planned):
                return []
        else:
            pe, (z, fx, cond), p = e.parent
            if not any(x[0] == z and x[1] is fx for x in self.seen_pieces(pe, planned)):
                return []
            if not self.sees(p, t, planned):
                return []
        out = []
        for piece in e.pieces:
            z, fx, cond, ends = piece
            if cond is not None and not self.sees(cond[0], cond[1], planned):
                continue
            out.append(piece)
            if ends:
                break
        return out


# ------------------------------------------------------------------ one portfolio
class Fx:
    def __init__(self, **k):
        self.__dict__.update(k)


class Portfolio:
    def __init__(self, sc, name):
        self.sc, self.name, self.t = sc, name, sc.portfolios[name]
        t = self.t
        S, V = sc.services, sc.vendors
        sh = t["shares"]
        if any(isinstance(x, dict) for x in sh.values()):
            self.shares = {s: {v: fraction(x) for v, x in sh[s].items()} for s in S}
        else:
            self.shares = {s: {v: fraction(x) for v, x in sh.items()} for s in S}
        self.w0 = {s: {v: (self.shares[s].get(v, Fr(0)) if self.shares[s].get(v, Fr(0)) >= EPS_SHARE else Fr(0)) for v in V} for s in S}
        allrev = sum(sc.R0x.values())
        self.part = {s: sc.R0x[s] / allrev if allrev else Fr(1, len(S)) for s in S}
        self.planned = {v: sum(self.part[s] * self.w0[s][v] for s in S) for v in V}
        self.contract = {}
        for v in V:
            c = sc.raw.get("contract", {}).get(v, {})
            if v in t.get("contract", {}):
                c = t["contract"][v]
            if any(self.w0[s][v] > 0 for s in S):
                self.contract[v] = c
            else:
                self.contract[v] = {}
        self.ledger = []  # (component, service or None, key, month, amount)
        self.total = defaultdict(float)
        self.plan = defaultdict(float)
        self.see()
        self.prices()
        self.respond()
        self.flows()
        self.fixed()
        self.settle()
        self.insure()

    # --- what the portfolio sees, as effects
    def see(self):
        sc = self.sc
        self.intr, self.pfx, self.cfx, self.rfx, self.costs, self.stakes = [], [], [], [], [], []
        H = sc.H
        for e in sc.events:
            for (z, fx, cond, ends) in sc.seen_pieces(e, self.planned):
                if z >= H:
                    continue
                r = e.risk
                notice = duration(fx.get("notice", "0 h"))
                begin = z + notice
                span = duration(fx["for"]) if "for" in fx else None
                end = H if span is None else min(H, begin + span)
                over = duration(fx.get("over", "0 h"))
                if "duration" in fx:
                    d = duration(fx["duration"])
                    if d > 0:
                        self.intr.append(Fx(kind="outage", e=e, on=r.on, struck=r.struck, start=z, end=min(H, z + d), full=z + d,
                                            leaves=fraction(fx.get("leaves", 0)), announced=z, length=d, notice=Fr(0)))
                if "suspends" in fx:
                    d = duration(fx["suspends"])
                    length = H - begin if d is None else d
                    full = INF if d is None else begin + d
                    if begin < H and length > 0:
                        self.intr.append(Fx(kind="access", e=e, on=r.on, struck=r.struck, start=begin, end=min(H, full), full=full,
                                            leaves=Fr(0), announced=z, length=length, notice=notice))
                if begin < H and end > begin:
                    if "price_change" in fx:
                        self.pfx.append(Fx(e=e, struck=r.struck, start=begin, end=end, x=float(fraction(fx["price_change"]))))
                    if "capability_change" in fx:
                        self.cfx.append(Fx(e=e, struck=r.struck, start=begin, end=end, over=over, x=float(fraction(fx["capability_change"]))))
                    for s, x in fx.get("revenue_change", {}).items():
                        self.rfx.append(Fx(e=e, service=s, start=begin, end=end, over=over, x=float(fraction(x))))
                if "cost" in fx:
                    share = sum(self.planned[v] for v in r.struck)
                    scale = float(share) if fx.get("scales_with", "share") == "share" else (1.0 if share > 0 else 0.0)
                    self.costs.append(Fx(e=e, t=z, amount=float(money(fx["cost"])) * scale))
                if "stake_change" in fx:
                    self.stakes.append(Fx(e=e, t=z, x=float(fraction(fx["stake_change"])), struck=r.struck))
        for i, x in enumerate(self.intr):
            x.number = i

        def order(x):
            if OPT["order"] == "effect":
                return (x.start, x.e.key())
            return (x.e.tau, x.e.key(), x.start)
        for l in (self.pfx, self.cfx, self.rfx):
            l.sort(key=order)
        self.alone_cache, self.own_cache = {}, {}

    # --- availability
    def active(self, t, only=None):
        return [i for i in self.intr if i.start <= t < i.end and (only is None or i.kind == only)]

    def avail(self, v, acts):
        key = (v, tuple(i.number for i in acts))
        if key not in self.own_cache:
            own = defaultdict(lambda: Fr(1))
            for i in acts:
                for n in i.on:
                    own[n] *= i.leaves
            self.own_cache[key] = self.sc.avail(own, v)
        return self.own_cache[key]

    def weights(self, v, acts):
        """[(interruption, part)] of what is missing of v among the active interruptions on or beneath it"""
        key = (v, tuple(i.number for i in acts))
        if key not in self.alone_cache:
            sup = self.sc.supports[v]
            mine = [i for i in acts if any(n in sup for n in i.on)]
            takes = [1 - self.avail(v, [i]) for i in mine]
            tot = sum(takes)
            if tot > 0:
                out = [(i, float(x / tot)) for i, x in zip(mine, takes) if x > 0]
            else:
                out = [(i, 1.0 / len(mine)) for i in mine]
            self.alone_cache[key] = out
        return self.alone_cache[key]

    # --- price indices: for each vendor the segments, the billed index of the plan and of each growing set of events
    def prices(self):
        sc = self.sc
        H = sc.H
        self.pseg = {}
        for v in sc.vendors:
            fx = [x for x in self.pfx if v in x.struck]
            cuts = set(sc.months)
            for x in fx:
                cuts |= {x.start, x.end}
            cuts = sorted(c for c in cuts if 0 <= c < H)
            self.pseg[v] = (cuts, fx)
        self.bcache = {}

    def path_index(self, v, t):
        k = int(t // MONTH)
        out = 1.0
        for r in self.sc.risks:
            if "path" in r.t and v in r.struck:
                p = r.t["path"]
                assert fraction(p.get("volatility", 0)) == 0, "chance in path"
                out *= (1 + float(fraction(p["drift"]))) ** (k / 12)
        return out

    def billed(self, v, members):
        """the billed index per segment of v with these price effects (indices into the vendor's list)"""
        key = (v, members)
        if key in self.bcache:
            return self.bcache[key]
        cuts, fx = self.pseg[v]

        def index(t):
            out = self.path_index(v, t)
            for k in members:
                x = fx[k]
                if x.start <= t < x.end:
                    out *= 1 + x.x
            return out
        cap = self.contract[v].get("price_cap")
        raw = [index(t) for t in cuts]
        if cap is None:
            out = raw
        else:
            c = float(fraction(cap))
            b = [1.0]
            for y in range(1, self.sc.years):
                b.append(min(index(y * YEAR), (1 + c) * b[-1]))
            out = [min(i, (1 + c) * b[int(t // YEAR)]) for i, t in zip(raw, cuts)]
        self.bcache[key] = out
        return out

    def bill_at(self, v, t):
        """(plan index, billed index, [(effect, marginal)]) at t"""
        cuts, fx = self.pseg[v]
        k = bisect.bisect_right(cuts, t) - 1
        n = len(fx)
        vals = [self.billed(v, tuple(range(m)))[k] for m in range(n + 1)]
        return vals[0], vals[n], [(fx[m], vals[m + 1] - vals[m]) for m in range(n) if vals[m + 1] != vals[m]]

    # --- capability
    @staticmethod
    def ramp(x, t):
        """1 + the change of a ramped effect at t, given it is on"""
        if x.over > 0 and t < x.start + x.over:
            return 1 + x.x * float((t - x.start) / x.over) if isinstance(t, Fr) else 1 + x.x * (t - x.fs) / x.fo
        return 1 + x.x

    def prepare_ramps(self):
        for x in self.cfx + self.rfx:
            x.fs, x.fo, x.fe = float(x.start), float(x.over), float(x.start + x.over)

    # --- the response
    def respond(self):
        self.prepare_ramps()
        sc, t, H = self.sc, self.t, self.sc.H
        self.mig = mig = t.get("migration")
        V, S = sc.vendors, sc.services
        self.blocks = {v: [] for v in V}
        triggers = []
        if mig:
            patience = duration(mig["patience"])
            takes = duration(mig["takes"])
            for i in self.intr:
                if i.kind == "access":
                    if i.length >= patience:
                        for v in i.struck:
                            self.blocks[v].append((i.announced, i.full))
                            triggers.append((i.announced, i, v))
                else:
                    if i.length > patience and i.start + patience < H:
                        for v in i.struck:
                            self.blocks[v].append((i.start + patience, i.full))
                            triggers.append((i.start + patience, i, v))
        triggers.sort(key=lambda x: (x[0], x[1].e.risk.order, x[1].e.index, V.index(x[2])))

        def usable(v, z):
            return not any(a <= z < b for a, b in self.blocks[v])
        w = {s: dict(self.w0[s]) for s in S}
        self.deltas = []  # (time, service, {v: change}, key)
        self.migration_log = []
        under = {}  # (service, vendor) -> (end, event)
        fires = self.playbook_fires()
        waiting = [(z + duration(p.get("takes", "0 h")), k, z, p, key) for (k, z, p, key) in fires]
        for (k, z, p, key) in fires:
            self.single("migration", None, key, z, float(money(p.get("costs", 0))))
        gone = set()

        def exit_fees(z, before):
            """after each step (or, with OPT exit = instant, after all of one instant); charged to the last change that took traffic from the vendor"""
            for v in V:
                c = self.contract[v]
                if "exit_fee" in c and v not in gone and any(q[v] > 0 for q in before.values()) and all(w[s][v] == 0 for s in S):
                    gone.add(v)
                    key = [d[3] for d in self.deltas if d[0] == z and d[2].get(v, 0) < 0][-1]
                    self.single("migration", None, key, z, float(money(c["exit_fee"])))

        def targets(s, v, z):
            if "to" in mig:
                return [(u, Fr(1)) for u in mig["to"] if u != v and usable(u, z)]
            return [(u, w[s][u]) for u in V if u != v and w[s][u] > 0 and usable(u, z)]

        def done(s, v, z, e):
            tg = targets(s, v, z)
            if not tg or w[s][v] == 0:
                return
            tot = sum(x for _, x in tg)
            moved = w[s][v]
            delta = {v: -moved}
            for u, x in tg:
                delta[u] = delta.get(u, Fr(0)) + moved * x / tot
            for u, x in delta.items():
                w[s][u] += x
            self.clean(w[s])
            self.deltas.append((z, s, delta, e))
        while True:
            times = [x[0] for x in triggers[:1]] + [x[0] for x in under.values()] + [x[0] for x in waiting if not under]
            if not times:
                break
            z = min(times) if not waiting else max(min(times), Fr(0))
            z = min(times)
            if z >= H:
                break
            before = {s: dict(w[s]) for s in S}
            # a playbook that waited for a migration acts when that one ends, never before
            ends = [k for k, x in under.items() if x[0] <= z]  # in the order in which they began
            for k in ends:
                _, e = under.pop(k)
                done(k[0], k[1], z, e)
                if OPT["exit"] == "step":
                    exit_fees(z, before)
                    before = {s: dict(w[s]) for s in S}
            if not under:
                for x in sorted(waiting, key=lambda x: (x[0], x[1])):
                    if x[0] <= z:
                        waiting.remove(x)
                        self.act(x, w, z, usable)
            exit_fees(z, before)
            while triggers and triggers[0][0] <= z:
                _, i, v = triggers.pop(0)
                for s in S:
                    if w[s][v] > 0 and (s, v) not in under and targets(s, v, z):
                        under[(s, v)] = (z + takes, i.e)
                        self.migration_log.append((float(z), s, v, i.e.risk.name))
                        self.single("migration", s, i.e, z, float(money(mig.get("costs", 0))) * float(w[s][v] * self.part[s]))
        self.deltas.sort(key=lambda x: x[0])

    @staticmethod
    def clean(ws):
        for v in ws:
            if ws[v] < EPS_SHARE:
                ws[v] = Fr(0)

    def act(self, x, w, z, usable):
        _, _, _, p, key = x
        sh = p["shares"]
        for s in self.sc.services:
            q = sh[s] if any(isinstance(y, dict) for y in sh.values()) else sh
            q = {v: fraction(y) for v, y in q.items() if usable(v, z) and fraction(y) > 0}
            tot = sum(q.values())
            if tot == 0:
                continue
            new = {v: q.get(v, Fr(0)) / tot for v in self.sc.vendors}
            delta = {v: new[v] - w[s][v] for v in new if new[v] != w[s][v]}
            w[s].update(new)
            self.deltas.append((z, s, delta, key))

    # --- playbook conditions
    def playbook_fires(self):
        out = []
        for k, p in enumerate(self.t.get("playbook", [])):
            z = self.fire_time(p["when"])
            if z is not None and z < self.sc.H:
                out.append((k, z, p, self.playbook_key(p["when"], z)))
        return out

    def K(self, v, t, only=None):
        k = self.sc.cap0[v]
        for x in self.cfx:
            if v in x.struck and x.start <= t < x.end and (only is None or x is only):
                k *= self.ramp(x, t)
        return k

    def down_hours(self, v, t, only=None):
        """integral of 1 - A over the last 90 days before t"""
        a = max(Fr(0), t - 90 * DAY)
        l = self.intr if only is None else [only]
        cuts = sorted({a, t} | {z for i in l for z in (i.start, i.end) if a < z < t})
        return sum(((1 - self.avail(v, [i for i in l if i.start <= p < i.end])) * (q - p) for p, q in zip(cuts, cuts[1:])), Fr(0))

    def fire_time(self, when):
        sc, v, H = self.sc, when["vendor"], self.sc.H
        lasting = duration(when.get("lasting", "0 h"))
        true = []  # intervals [a, b) where it holds
        if "price_above" in when:
            thr = float(fraction(when["price_above"])) + 1e-9
            cuts, fx = self.pseg[v]
            B = self.billed(v, tuple(range(len(fx))))
            for a, b, x in zip(cuts, cuts[1:] + [H], B):
                if x - 1 > thr:
                    true.append((a, b))
        elif "capability_below" in when:
            thr = float(fraction(when["capability_below"])) - 1e-9
            cuts = {Fr(0), H}
            for x in self.cfx:
                cuts |= {x.start, x.end, x.start + x.over}
            cuts = sorted(c for c in cuts if 0 <= c <= H)
            for a, b in zip(cuts, cuts[1:]):
                mid = (a + b) / 2
                ramping = any(v in x.struck and x.start <= mid < x.end and mid < x.start + x.over for x in self.cfx)
                if not ramping:
                    if self.K(v, mid) < thr:
                        true.append((a, b))
                    continue
                n = 64
                f = lambda z: self.K(v, a + (b - a) * z)
                grid = [Fr(j, n) for j in range(n + 1)]
                for g, h in zip(grid, grid[1:]):
                    lo, hi = f(g) < thr, f(min(h, 1 - Fr(1, 10 ** 12))) < thr
                    if lo and hi:
                        true.append((a + (b - a) * g, a + (b - a) * h))
                    elif lo != hi:
                        p, q = g, h
                        for _ in range(70):
                            m = Fr((float(p) + float(q)) / 2)
                            if (f(m) < thr) == lo:
                                p = m
                            else:
                                q = m
                        x = a + (b - a) * q
                        true.append((a + (b - a) * g, x) if lo else (x, a + (b - a) * h))
        else:
            thr = duration(when["down_hours_above"]) + Fr(1, 10 ** 9)
            cuts = {Fr(0), H}
            for i in self.intr:
                cuts |= {i.start, i.end, i.start + 90 * DAY, i.end + 90 * DAY}
            cuts = sorted(c for c in cuts if 0 <= c <= H)
            vals = [self.down_hours(v, c) for c in cuts]
            for a, b, x, y in zip(cuts, cuts[1:], vals, vals[1:]):
                if x > thr and y > thr:
                    true.append((a, b))
                elif x != y and (x > thr) != (y > thr):
                    c = a + (b - a) * (thr - x) / (y - x)
                    true.append((a, c) if x > thr else (c, b))
        merged = []
        for a, b in true:
            if merged and merged[-1][1] == a:
                merged[-1][1] = b
            elif b > a:
                merged.append([a, b])
        for a, b in merged:
            if lasting == 0 or a + lasting < b or (a + lasting == b and b == H):
                return a + lasting
        return None

    def playbook_key(self, when, z):
        v = when["vendor"]
        there, alone = [], []
        if "price_above" in when:
            cuts, fx = self.pseg[v]
            k = bisect.bisect_right(cuts, z) - 1
            base = self.billed(v, ())[k]
            for n, x in enumerate(fx):
                if x.start <= z:
                    moves = abs(self.billed(v, (n,))[k] - base) > 1e-12
                    if x.start <= z < x.end or moves:
                        there.append(x)
                    if moves:
                        alone.append(x)
        elif "capability_below" in when:
            for x in self.cfx:
                if v in x.struck and x.start <= z < x.end:
                    there.append(x)
                    if abs(self.K(v, z, x) - self.sc.cap0[v]) > 1e-12:
                        alone.append(x)
        else:
            for i in self.intr:
                if set(i.on) & self.sc.supports[v] and i.start <= z and i.end > z - 90 * DAY:
                    there.append(i)
                    if self.down_hours(v, z, i) > 0:
                        alone.append(i)
        pool = alone or there
        if pool:
            return max(pool, key=lambda x: (x.start, x.e.key())).e
        for r in self.sc.risks:
            if "path" in r.t and v in r.struck:
                return r
        raise ValueError("nobody to charge the playbook to")

    # --- money
    def single(self, comp, svc, key, t, amount):
        """an amount of loss due at t"""
        if amount == 0.0:
            return
        pv = amount * math.exp(-self.sc.rho * float(t))
        self.total[comp] += pv
        self.post(comp, svc, key, self.month_of(t), pv)

    def post(self, comp, svc, key, month, pv):
        if pv != 0.0:
            self.ledger.append((comp, svc, key, month, pv))

    def month_of(self, t):
        return min(int(t // MONTH), len(self.sc.months) - 1)

    def flows(self):
        sc, H = self.sc, self.sc.H
        self.bill = defaultdict(float)         # (v, month) nominal, actual
        self.bill_plan = defaultdict(float)
        self.bill_change = defaultdict(float)  # (v, year, key)
        self.insured = defaultdict(list)       # (cover, event) -> [(end of piece, amount)]
        self.unserved, self.longest = {}, {}
        for s in sc.services:
            self.service_flows(s)

    def falls(self, v, cuts):
        """[(start, end, at once)] where A_v < 1"""
        out = []
        sup = self.sc.supports[v]
        for a, b in zip(cuts, cuts[1:]):
            if self.avail(v, self.active(a)) < 1:
                if out and out[-1][1] == a:
                    out[-1][1] = b
                else:
                    once = any(i.kind == "access" and i.notice > 0 and i.start == a and set(i.on) & sup for i in self.intr)
                    out.append([a, b, once])
        return out

    def share_at(self, s, t):
        w = dict(self.w0[s])
        for z, q, delta, _ in self.deltas:
            if q == s and z <= t:
                for v, x in delta.items():
                    w[v] += x
                self.clean(w)
        return w

    def rooms(self, s, w):
        fo = self.t["failover"]
        standby = self.t.get("standby", {})
        if "order" in fo:
            return list(fo["order"])
        out = list(self.shares[s])
        out += [v for v in self.sc.vendors if w[v] > 0 and v not in out]
        if OPT["standby"] == "last":      # without a share now: after all that have one, even if `shares` lists it
            out = [v for v in out if w[v] > 0]
        out += [v for v in standby if v not in out]
        return out

    def failover(self, s, w, A, movable, ready):
        """(unserved by vendor, moved from, moved to)"""
        d = {v: w[v] * (1 - A[v]) for v in w}
        rem = {v: (d[v] if v in movable else Fr(0)) for v in w}
        to = {}
        if "failover" in self.t and any(rem.values()):
            fo, standby = self.t["failover"], self.t.get("standby", {})
            headroom = fraction(fo.get("headroom", 0))
            for u in self.rooms(s, w):
                if w[u] > 0:
                    room = headroom * w[u] * A[u]
                elif u in standby and u in ready:
                    room = fraction(standby[u]["capacity"]) * A[u]
                else:
                    continue
                others = sum(x for v, x in rem.items() if v != u)
                take = min(room, others)
                if take > 0:
                    to[u] = to.get(u, Fr(0)) + take
                    keep = 1 - take / others
                    for v in rem:
                        if v != u:
                            rem[v] *= keep
        moved_from = {v: (d[v] - rem[v]) if v in movable else Fr(0) for v in w}
        return {v: d[v] - moved_from[v] for v in w}, moved_from, to, d

    def service_flows(self, s):
        sc, H = self.sc, self.sc.H
        V = sc.vendors
        dem = sc.demand[s]
        m, R0, U0, sens = sc.margin[s], sc.R0[s], sc.U0[s], sc.sens[s]
        rfx = [x for x in self.rfx if x.service == s]
        cuts = {Fr(0), H} | set(sc.months)
        for i in self.intr:
            cuts |= {i.start, i.end}
        for x in self.pfx + self.cfx + rfx:
            cuts |= {x.start, x.end}
        for x in self.cfx + rfx:
            cuts.add(x.start + x.over)
        cuts |= {z for z, q, _, _ in self.deltas if q == s}
        cuts = sorted(c for c in cuts if 0 <= c <= H)
        # movable
        mov = {v: [] for v in V}
        if "failover" in self.t:
            detect = duration(self.t["failover"].get("detect", "0 h"))
            assert fraction(self.t["failover"].get("works", 1)) == 1, "chance in works"
            more = set(cuts)
            for v in V:
                for a, b, once in self.falls(v, cuts):
                    z = a if once else a + detect
                    if z < b:
                        mov[v].append((z, b))
                        more.add(z)
            cuts = sorted(more)
        # standbys: since when something has been movable
        standby = self.t.get("standby", {})
        readies = {u: [] for u in standby}
        if "failover" in self.t and standby:
            run, runs = None, []
            for a, b in zip(cuts, cuts[1:]):
                w, acts = self.share_at(s, a), self.active(a)
                some = any(w[v] > 0 and self.avail(v, acts) < 1 and any(p <= a < q for p, q in mov[v]) for v in V)
                if some:
                    if run is None:
                        run = [a, b]
                    run[1] = b
                elif run:
                    runs.append(run)
                    run = None
            if run:
                runs.append(run)
            more = set(cuts)
            for u, q in standby.items():
                for a, b in runs:
                    z = a + duration(q.get("starts", "0 h"))
                    if z < b:
                        readies[u].append((z, b))
                        more.add(z)
            cuts = sorted(more)
        # unserved in every piece, then the interruptions
        pieces = []
        for a, b in zip(cuts, cuts[1:]):
            w, acts = self.share_at(s, a), self.active(a)
            A = {v: self.avail(v, acts) for v in V}
            movable = {v for v in V if any(p <= a < q for p, q in mov[v])}
            ready = {u for u in readies if any(p <= a < q for p, q in readies[u])}
            un, frm, to, d = self.failover(s, w, A, movable, ready)
            pieces.append(Fx(a=a, b=b, w=w, acts=acts, A=A, un=un, frm=frm, to=to, d=d, u=sum(un.values())))
        runs = []
        for p in pieces:
            if p.u > 0:
                if runs and runs[-1][1] == p.a:
                    runs[-1][1] = p.b
                else:
                    runs.append([p.a, p.b])
        self.unserved[s] = float(sum((p.b - p.a) * p.u for p in pieces))
        self.longest[s] = float(max([b - a for a, b in runs], default=0))
        self.runs = getattr(self, "runs", {})
        self.runs[s] = runs
        # cut at tolerances and waitings
        waits = {c: max(sc.tol[s], duration(sc.covers[c].get("waiting", "0 h"))) for c in self.t.get("covers", [])}
        more = set()
        for a, b in runs:
            for z in [a + sc.tol[s]] + [a + x for x in waits.values()]:
                if a < z < b:
                    more.add(z)
        for z in more:
            for k, p in enumerate(pieces):
                if p.a < z < p.b:
                    q = Fx(**p.__dict__)
                    q.a, p.b = z, z
                    pieces.insert(k + 1, q)
                    break
        starts = [r[0] for r in runs]
        mine = [(z, delta, key) for z, q, delta, key in self.deltas if q == s]
        for p in pieces:
            self.piece(s, p, runs, starts, waits, mine, rfx, dem)
        self.churn(s, pieces, runs, rfx, dem)

    def factor(self, rfx, t):
        f = 1.0
        for x in rfx:
            if x.fs <= t < float(x.end):
                f *= self.ramp(x, t)
        return f

    def piece(self, s, p, runs, starts, waits, mine, rfx, dem):
        sc = self.sc
        V = sc.vendors
        m, R0, U0, sens = sc.margin[s], sc.R0[s], sc.U0[s], sc.sens[s]
        mid = (p.a + p.b) / 2
        ron = [x for x in rfx if x.start <= mid < x.end]
        con = [x for x in self.cfx if x.start <= mid < x.end] if sens else []
        ramp = any(mid < x.start + x.over for x in ron + con)
        nodes = dem.nodes(p.a, p.b, ramp)
        ID, IN = sum(x[1] for x in nodes), sum(x[2] for x in nodes)
        month, year = self.month_of(p.a), int(p.a // YEAR)
        w0 = self.w0[s]
        on = [(delta, key) for z, delta, key in mine if z <= p.a]
        served = {v: p.w[v] - p.d[v] + p.to.get(v, Fr(0)) for v in V}
        moved = sum(p.frm.values())
        # parts of missing traffic per vendor and event
        parts = {v: self.weights(v, p.acts) for v in V if p.d[v] > 0}
        # integrals of demand alone and of revenue (with F)
        fvals = [self.ramped_product(ron, t) for t, _, _ in nodes]
        RD = R0 * sum(f * x[1] for f, x in zip(fvals, nodes))
        RN = R0 * sum(f * x[2] for f, x in zip(fvals, nodes))
        # interruption
        if p.u > 0:
            k = bisect.bisect_right(starts, p.a) - 1
            since = p.a - runs[k][0]
            if since >= sc.tol[s]:
                self.total["interruption"] += m * RD * float(p.u)
                for v in V:
                    if p.un[v] > 0:
                        for i, q in parts[v]:
                            self.post("interruption", s, i.e, month, m * RD * float(p.un[v]) * q)
            for c, wait in waits.items():
                if since >= wait:
                    for v in V:
                        if p.un[v] > 0:
                            for i, q in parts[v]:
                                self.insured[(c, i.e)].append((p.b, m * RN * float(p.un[v]) * q, s))
        # market
        if ron:
            self.total["market"] += m * (R0 * ID - RD)
            plancap = sens * sum(float(w0[v]) * (1 - sc.cap0[v]) for v in V)
            for x, change in self.marginals(ron, nodes):
                self.post("market", s, x.e, month, -m * R0 * change)
                self.post("capability", s, x.e, month, m * R0 * change * plancap)
        # capability
        if sens:
            pl = m * sens * R0 * ID * sum(float(w0[v]) * (1 - sc.cap0[v]) for v in V)
            self.plan["capability"] += pl
            tot = 0.0
            for v in V:
                if served[v] == 0:
                    continue
                cv = [x for x in con if v in x.struck]
                sv = float(served[v])
                if cv:
                    for j, ((t, wd, wn), f) in enumerate(zip(nodes, fvals)):
                        tot += m * sens * R0 * wd * f * sv * (1 - sc.cap0[v] * self.ramped_product(cv, t))
                    acc = [0.0] * len(cv)
                    for (t, wd, wn), f in zip(nodes, fvals):
                        k = sc.cap0[v]
                        for n, x in enumerate(cv):
                            k2 = k * self.ramp(x, t)
                            acc[n] += wd * f * (k - k2)
                            k = k2
                    for x, y in zip(cv, acc):
                        self.post("capability", s, x.e, month, m * sens * R0 * sv * y)
                else:
                    tot += m * sens * RD * sv * (1 - sc.cap0[v])
            self.total["capability"] += tot
            for delta, key in on:
                self.post("capability", s, key, month, m * sens * RD * sum(float(x) * (1 - sc.cap0[v]) for v, x in delta.items()))
            rooms = sum(float(x) * (1 - sc.cap0[v]) for v, x in p.to.items())
            for v in parts:
                val = -float(p.d[v]) * (1 - sc.cap0[v]) + (rooms * float(p.frm[v] / moved) if moved else 0.0)
                for i, q in parts[v]:
                    self.post("capability", s, i.e, month, m * sens * RD * val * q)
        # spend
        if U0:
            pool = 0.0
            room_bill = {}
            for v in V:
                pr = sc.price[v]
                if pr == 0.0 or (w0[v] == 0 and served[v] == 0 and p.w[v] == 0 and not any(v in d for d, _ in on)):
                    continue
                b0, b, marg = self.bill_at(v, p.a)
                base = U0 * pr
                sv = float(served[v])
                self.plan["spend"] += base * float(w0[v]) * b0 * ID
                self.total["spend"] += base * sv * b * ID
                self.bill[(v, month)] += base * sv * b * IN
                self.bill_plan[(v, month)] += base * float(w0[v]) * b0 * IN
                for x, y in marg:
                    self.spend(s, x.e, month, v, year, base * sv * y, ID, IN)
                for delta, key in on:
                    if v in delta:
                        self.spend(s, key, month, v, year, base * float(delta[v]) * b0, ID, IN)
                if p.d[v] > 0:
                    for i, q in parts[v]:
                        self.spend(s, i.e, month, v, year, -base * float(p.d[v]) * b0 * q, ID, IN)
                if p.to.get(v, Fr(0)) > 0:
                    for x in parts:
                        if p.frm[x] > 0:
                            for i, q in parts[x]:
                                self.spend(s, i.e, month, v, year, base * float(p.to[v]) * b0 * float(p.frm[x] / moved) * q, ID, IN)

    def spend(self, s, key, month, v, year, rate, ID, IN):
        self.post("spend", s, key, month, rate * ID)
        self.bill_change[(v, year, key)] += rate * IN

    def ramped_product(self, fx, t):
        out = 1.0
        for x in fx:
            out *= self.ramp(x, t)
        return out

    def marginals(self, fx, nodes):
        acc = [0.0] * len(fx)
        for t, wd, _ in nodes:
            f = 1.0
            for n, x in enumerate(fx):
                g = f * self.ramp(x, t)
                acc[n] += wd * (g - f)
                f = g
        return list(zip(fx, acc))

    def churn(self, s, pieces, runs, rfx, dem):
        sc = self.sc
        c = sc.svc[s].get("churn")
        if not c:
            return
        after, x, returns = duration(c["after"]), float(fraction(c["loses"])), float(duration(c["returns"]))
        m, R0 = sc.margin[s], sc.R0[s]
        lam = dem.lam["d"] - 1 / returns
        cuts = sorted({Fr(0), sc.H} | set(sc.months) | {z for y in rfx for z in (y.start, y.end, y.start + y.over) if 0 <= z <= sc.H})
        for a, e in runs:
            if not e - a > after or e >= sc.H:
                continue
            hours, tot = defaultdict(float), 0.0
            for p in pieces:
                if a <= p.a and p.b <= e:
                    for v in sc.vendors:
                        if p.un[v] > 0:
                            h = float(p.un[v] * (p.b - p.a))
                            tot += h
                            for i, q in self.weights(v, p.acts):
                                hours[i.e] += h * q
            mean = tot / float(e - a)
            for p, q in zip([e] + [z for z in cuts if z > e], [z for z in cuts if z > e]):
                mid = (p + q) / 2
                ron = [y for y in rfx if y.start <= mid < y.end]
                if any(mid < y.start + y.over for y in ron):
                    val = sum(wd * math.exp(-(t - float(e)) / returns) * self.ramped_product(ron, t) for t, wd, _ in dem.nodes(p, q, True))
                else:
                    val = dem.general(lam, float(p), float(q)) * math.exp(float(e) / returns) * self.ramped_product(ron, float(mid))
                val *= x * mean * m * R0
                self.total["churn"] += val
                for k, h in hours.items():
                    self.post("churn", s, k, self.month_of(p), val * h / tot)

    # --- what does not depend on what happens, and single amounts
    def fixed(self):
        sc, t = self.sc, self.t
        H = float(sc.H)
        flow = expint(-sc.rho, 0.0, H)
        o = float(money(t.get("setup", 0)))
        rate = float(money_rate(t.get("overhead", 0)))
        for q in t.get("standby", {}).values():
            rate += float(money_rate(q.get("costs", 0)))
        for c in t.get("covers", []):
            rate += float(money_rate(sc.covers[c].get("premium", 0)))
        self.total["overhead"] = self.plan["overhead"] = o + rate * flow
        for x in self.costs:
            self.single("one_off", None, x.e, x.t, x.amount)
        worth = dict(sc.stake)
        for x in sorted(self.stakes, key=lambda x: (x.t, x.e.key())):
            for v in x.struck:
                if worth[v]:
                    self.single("stake", None, x.e, x.t, -x.x * worth[v])
                    worth[v] *= 1 + x.x

    # --- commitments, rebates, credits
    def settle(self):
        sc, H = self.sc, self.sc.H
        for v in sc.vendors:
            c = self.contract[v]
            for y in range(sc.years):
                end = min(H, (y + 1) * YEAR)
                part = float((end - y * YEAR) / YEAR)
                months = [k for k in range(len(sc.months)) if k // 12 == y]
                bill = sum(self.bill[(v, k)] for k in months)
                plan = sum(self.bill_plan[(v, k)] for k in months)
                for f in (self.shortfall, self.rebate):
                    a, p = f(c, bill, part), f(c, plan, part)
                    df = math.exp(-sc.rho * float(end))
                    self.total["spend"] += a * df
                    self.plan["spend"] += p * df
                    keys = [k for k in self.bill_change if k[0] == v and k[1] == y]
                    tot = sum(self.bill_change[k] for k in keys)
                    size = max([abs(bill), abs(plan)])
                    if abs(tot) > 1e-12 * size and a != p:
                        for k in keys:
                            self.post("spend", None, k[2], months[-1], (a - p) * df * self.bill_change[k] / tot)
            if "sla" in c:
                self.credits(v, c["sla"])

    @staticmethod
    def shortfall(c, bill, part):
        if "commitment" not in c:
            return 0.0
        return max(0.0, float(money_per_year(c["commitment"])) * part - bill)

    @staticmethod
    def rebate(c, bill, part):
        tiers = sorted((float(money_per_year(x["above"])) * part, float(fraction(x["off"]))) for x in c.get("rebates", []))
        out = 0.0
        for k, (lo, off) in enumerate(tiers):
            hi = tiers[k + 1][0] if k + 1 < len(tiers) else math.inf
            out -= off * max(0.0, min(bill, hi) - lo)
        return out

    def credits(self, v, tiers):
        sc, H = self.sc, self.sc.H
        tiers = sorted((fraction(x["below"]), fraction(x["credit"])) for x in tiers)
        outs = [i for i in self.intr if i.kind == "outage"]
        for k, a in enumerate(sc.months):
            b = min(H, a + MONTH)
            cuts = sorted({a, b} | {z for i in outs for z in (i.start, i.end) if a < z < b})
            taken, hours = Fr(0), defaultdict(float)
            for p, q in zip(cuts, cuts[1:]):
                acts = self.active(p, "outage")
                miss = (1 - self.avail(v, acts)) * (q - p)
                if miss > 0:
                    taken += miss
                    for i, x in self.weights(v, acts):
                        hours[i.e] += float(miss) * x
            mean = 1 - taken / (b - a)
            credit = next((cr for below, cr in tiers if mean < below), None)
            bill = self.bill[(v, k)]
            if credit is None or bill == 0.0:
                continue
            amount = -float(credit) * bill * math.exp(-sc.rho * float(b))
            self.total["spend"] += amount
            tot = sum(hours.values())
            for e, h in hours.items():
                self.post("spend", None, e, k, amount * h / tot)

    # --- insurance
    def insure(self):
        sc = self.sc
        for c in self.t.get("covers", []):
            q = sc.covers[c]
            risks = q.get("risks")
            used = defaultdict(float)
            per = q.get("per_event", {})
            deductible = float(money(per.get("deductible", 0)))
            limit = float(money(per["limit"])) if "limit" in per else math.inf
            yearly = float(money(q["per_year"]["limit"])) if "limit" in q.get("per_year", {}) else math.inf
            pays = float(fraction(q.get("pays", 1)))
            for e in sorted({k[1] for k in self.insured if k[0] == c}, key=Event.key):
                if risks is not None and e.risk.name not in risks:
                    continue
                l = self.insured[(c, e)]
                loss = sum(x[1] for x in l)
                due = max(x[0] for x in l)
                y = max(0, int(e.tau // YEAR))
                pay = pays * min(limit, max(0.0, loss - deductible))
                pay = min(pay, yearly - used[y])
                used[y] += pay
                self.single("cover", None, e, due, -pay)

    # --- figures
    def figures(self):
        sc = self.sc
        comp = {c: self.total[c] for c in COMPONENTS}
        plan = {c: self.plan[c] for c in COMPONENTS}
        total, planned = sum(comp.values()), sum(plan.values())
        charged = {r.name: 0.0 for r in sc.risks}
        node = {n: 0.0 for n in sc.nodes}
        svc = {s: 0.0 for s in sc.services}
        svc["firm-wide"] = 0.0
        months = [0.0] * len(sc.months)
        years = [0.0] * sc.years
        bycomp = defaultdict(float)
        self.scale = 0.0
        for c, s, key, k, x in self.ledger:
            r = key.risk if isinstance(key, Event) else key
            charged[r.name] += x
            for n in r.on:
                node[n] += x / len(r.on)
            svc[s or "firm-wide"] += x
            months[k] += x
            years[k // 12] += x
            bycomp[c] += x
            self.scale += abs(x)
        for c in COMPONENTS:
            d = comp[c] - plan[c]
            assert abs(d - bycomp[c]) <= 1e-9 * (abs(comp[c]) + abs(plan[c]) + self.scale) + 1e-6, (self.name, c, d, bycomp[c])
        hv = float(sum(x * x for x in self.planned.values()))
        plat = defaultdict(Fr)
        for v, x in self.planned.items():
            below = sc.needs(v)[1] or [v]
            for n in below:
                plat[n] += x / len(below)
        return {"components": comp, "plan": planned, "loss": total - planned, "total_cost": total,
                "unserved_hours": self.unserved, "longest_interruption": self.longest, "charged": charged,
                "loss_by_year": years, "loss_by_month": months, "node": node, "service": svc,
                "hhi_vendor": hv, "hhi_platform": float(sum(x * x for x in plat.values()))}


def run(path):
    sc = Scenario(path)
    out = {"kind": "exact", "tolerance": 1e-6, "portfolios": {}}
    for name in sc.portfolios:
        out["portfolios"][name] = Portfolio(sc, name).figures()
    return out


def compare(mine, exp, tol=1e-6):
    """list of (portfolio, figure, mine, expected, excess)"""
    bad = []
    for p, want in exp["portfolios"].items():
        got = mine["portfolios"][p]
        scale = abs(want["plan"]) + sum(abs(x) for x in want["components"].values())

        def flat(prefix, x):
            if isinstance(x, dict):
                for k, y in x.items():
                    yield from flat(prefix + "." + k if prefix else k, y)
            elif isinstance(x, list):
                for k, y in enumerate(x):
                    yield from flat(f"{prefix}[{k}]", y)
            else:
                yield prefix, x
        g, w = dict(flat("", got)), dict(flat("", want))
        for k in list(w) + [k for k in g if k not in w]:
            if k not in g or k not in w:
                bad.append((p, k, g.get(k), w.get(k), 0))
                continue
            sc = 0 if k.startswith(("hhi", "unserved", "longest")) else scale
            if abs(g[k] - w[k]) > tol * abs(w[k]) + 1e-9 * sc + 1e-9:
                bad.append((p, k, g[k], w[k], g[k] - w[k]))
    return bad


def main():
    args = sys.argv[1:]
    check = "--check" in args
    files = [a for a in args if not a.startswith("--")]
    fail = 0
    for f in files:
        if not check:
            print(json.dumps(run(f)))
            continue
        exp = json.load(open(f[:-5] + ".expected.json"))
        if exp["kind"] != "exact":
            print(f, "not exact, skipped")
            continue
        try:
            bad = compare(run(f), exp)
        except Exception as e:
            import traceback
            print(f, "ERROR", repr(e))
            if "--trace" in args:
                traceback.print_exc()
            fail += 1
            continue
        print(f, "ok" if not bad else f"{len(bad)} differ")
        fail += bool(bad)
        for b in bad[:200 if "--all" in args else 12]:
            print("   %s %-28s mine %.10g  expected %.10g  diff %.6g" % b if b[2] is not None and b[3] is not None else b)
    sys.exit(1 if fail else 0)


if __name__ == "__main__":
    main()
