#!/usr/bin/env python3
"""Checks the JSON Schema of scenarios with a validator that is not ours.

    check_schema.py SCHEMA SCENARIO...

Every scenario must be valid, and no longer be so with any one key misspelt, nor with a key that another kind of risk has.
All kinds of risk must occur. Needs the package `jsonschema`.
"""

import datetime
import json
import sys
import tomllib

import jsonschema


def plain(value):
    """TOML to JSON: dates become text."""
    if isinstance(value, dict):
        return {key: plain(member) for key, member in value.items()}
    if isinstance(value, list):
        return [plain(member) for member in value]
    if isinstance(value, (datetime.date, datetime.datetime)):
        return value.isoformat()
    return value


# Tables whose keys are names that the user chose.
NAMED = {"platform", "vendor", "service", "contract", "cover", "factor", "risk", "portfolio", "shares", "standby",
         "raises", "causes", "revenue_change", "follows"}


def misspelt(value, inside=""):
    """Every copy of a table in which one key has a letter too many, with that key."""
    if isinstance(value, dict):
        for key, member in value.items():
            if inside not in NAMED:
                yield key, {(key + "x" if name == key else name): other for name, other in value.items()}
            # A name may be that of a key: what is inside it has keys again.
            for which, copy in misspelt(member, key if inside not in NAMED else ("shares" if inside == "shares" else "")):
                yield which, {**value, key: copy}
    elif isinstance(value, list):
        for n, member in enumerate(value):
            for which, copy in misspelt(member):
                yield which, value[:n] + [copy] + value[n + 1:]


# Some of what a kind of risk has not, though others have it.
DURATION, DATE, CHANGE = "3 days", "2026-03-01", "-10%"
FOREIGN = {
    "outage": {"suspends": DURATION, "notice": DURATION, "due": DATE, "slips": DURATION, "gap": CHANGE, "path": {}},
    "legal": {"duration": DURATION, "leaves": 0.5, "due": DATE, "path": {}},
    "pricing": {"duration": DURATION, "leaves": 0.5, "due": DATE, "slips": DURATION},
    "exclusivity": {"duration": DURATION, "gap": CHANGE, "path": {}},
    "delay": {"arrivals": {"per_year": 1}, "for": DURATION, "capability_change": CHANGE, "duration": DURATION,
              "suspends": DURATION, "notice": DURATION, "outcomes": [], "stages": [], "path": {}},
    "retirement": {"due": DATE, "slips": DURATION, "gap": CHANGE, "path": {}},
    "governance": {"due": DATE, "gap": CHANGE, "path": {}},
    "breach": {"due": DATE, "gap": CHANGE, "path": {}},
    "insolvency": {"due": DATE, "gap": CHANGE, "path": {}},
    "retaliation": {"due": DATE, "gap": CHANGE, "path": {}},
}
# What only an effect of an outcome or a stage is.
INNER = {"outage": {"suspends": DURATION}, "legal": {"duration": DURATION}, "pricing": {"leaves": 0.5},
         "exclusivity": {"duration": DURATION}}


def foreign(scenario):
    """Every copy of a scenario in which one risk has a key of another kind, with its kind and that key."""
    for name, risk in scenario.get("risk", {}).items():
        def with_key(**more):
            return {**scenario, "risk": {**scenario["risk"], name: {**risk, **more}}}

        for key, value in FOREIGN[risk["kind"]].items():
            yield risk["kind"], key, with_key(**{key: value})
        for key, value in INNER.get(risk["kind"], {}).items():
            for place in ["outcomes", "stages"]:
                for n, member in enumerate(risk.get(place, [])):
                    worse = risk[place][:n] + [{**member, key: value}] + risk[place][n + 1:]
                    yield risk["kind"], f"{place}.{key}", with_key(**{place: worse})
                    for k, outcome in enumerate(member.get("outcomes", [])):
                        worst = member["outcomes"][:k] + [{**outcome, key: value}] + member["outcomes"][k + 1:]
                        worse = risk[place][:n] + [{**member, "outcomes": worst}] + risk[place][n + 1:]
                        yield risk["kind"], f"{place}.outcomes.{key}", with_key(**{place: worse})
        if risk["kind"] == "delay":
            without = {key: value for key, value in risk.items() if key != "gap"}
            yield "delay", "lack of gap", {**scenario, "risk": {**scenario["risk"], name: without}}


def main():
    schema_path, *scenarios = sys.argv[1:]
    with open(schema_path, encoding="utf-8") as file:
        schema = json.load(file)
    jsonschema.Draft7Validator.check_schema(schema)
    validator = jsonschema.Draft7Validator(schema)
    wrong, n_misspelt, n_foreign, kinds = [], 0, 0, set()
    for path in scenarios:
        with open(path, "rb") as file:
            scenario = plain(tomllib.load(file))
        for error in validator.iter_errors(scenario):
            where = ".".join(str(part) for part in error.absolute_path)
            wrong.append(f"{path}: {where}: {error.message[:200]}")
        for key, copy in misspelt(scenario):
            n_misspelt += 1
            if validator.is_valid(copy):
                wrong.append(f"{path}: `{key}x` for `{key}` is let through")
        for kind, key, copy in foreign(scenario):
            n_foreign += 1
            kinds.add(kind)
            if validator.is_valid(copy):
                wrong.append(f"{path}: {key} in kind `{kind}` is let through")
    if not scenarios or n_misspelt == 0 or kinds != set(FOREIGN):
        wrong.append(f"not all was checked: {sorted(set(FOREIGN) - kinds)}")
    print("\n".join(wrong) or f"{len(scenarios)} scenarios fit the schema, {n_misspelt} misspelt keys and {n_foreign} of other kinds do not")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
