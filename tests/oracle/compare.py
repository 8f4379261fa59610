#!/usr/bin/env python3
"""python3 compare.py BINARY case.toml...   runs the engine on each case and compares measures.csv with case.expected.json

Report per case; exit status 1 if anything differs. --all prints every differing figure."""
import sys, os, csv, json, subprocess, tempfile, shutil
import oracle


def figures(rows, want):
    """the figures of one portfolio in the shape of the expected JSON"""
    get = {}
    for r in rows:
        get[(r["quantity"], r["item"], r["measure"])] = float(r["value"]) if r["value"] not in ("", "none") else None

    def g(q, item="", m="mean"):
        return get.get((q, str(item), m))
    out = {}
    for k, x in want.items():
        if k == "components":
            out[k] = {i: g("component", i) for i in x}
        elif isinstance(x, dict):
            out[k] = {i: g(k, i) for i in x}
        elif isinstance(x, list):
            out[k] = [g(k, i) for i in range(len(x))]
        elif k.startswith("hhi"):
            out[k] = g(k, "", "value")
        else:
            out[k] = g(k)
    return out


def main():
    args = [a for a in sys.argv[1:] if not a.startswith("--")]
    binary, files = args[0], args[1:]
    fail = 0
    for f in files:
        want = json.load(open(f[:-5] + ".expected.json"))
        if want.get("kind") != "exact":
            continue
        d = tempfile.mkdtemp(prefix="oracle-")
        try:
            try:
                p = subprocess.run([binary, "run", f, "--trials", "1", "--out", os.path.join(d, "out"), "--quiet"], capture_output=True, text=True, timeout=120)
            except subprocess.TimeoutExpired:
                print(f, "TIMEOUT")
                fail += 1
                continue
            path = os.path.join(d, "out", "measures.csv")
            if p.returncode != 0 or not os.path.exists(path):
                print(f, "FAILED", p.returncode, (p.stderr or p.stdout).strip()[:1500])
                fail += 1
                continue
            rows = list(csv.DictReader(open(path)))
            got = {"portfolios": {}}
            missing = []
            for name, x in want["portfolios"].items():
                fig = figures([r for r in rows if r["portfolio"] == name], x)
                got["portfolios"][name] = fig
            bad = []
            for b in oracle.compare(got, want) if not has_none(got, missing) else []:
                bad.append(b)
            if missing:
                print(f, "MISSING", missing[:10])
                fail += 1
                continue
            print(f, "ok" if not bad else f"{len(bad)} differ")
            fail += bool(bad)
            for b in bad[:10000 if "--all" in sys.argv else 14]:
                print("   %s %-28s engine %.10g  oracle %.10g  diff %.6g" % b)
        finally:
            shutil.rmtree(d, ignore_errors=True)
    print("failing:", fail, "of", len(files))
    sys.exit(1 if fail else 0)


def has_none(x, missing, at=""):
    if isinstance(x, dict):
        for k, y in x.items():
            has_none(y, missing, at + "." + k)
    elif isinstance(x, list):
        for k, y in enumerate(x):
            has_none(y, missing, at + f"[{k}]")
    elif x is None:
        missing.append(at)
    return bool(missing)


if __name__ == "__main__":
    main()
