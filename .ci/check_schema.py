#!/usr/bin/env python3
"""Checks the JSON Schema of scenarios with a validator that is not ours.

    check_schema.py SCHEMA SCENARIO...

Every scenario must be valid, and no longer be so with any one key misspelt. Needs the package `jsonschema`.
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


def main():
    schema_path, *scenarios = sys.argv[1:]
    with open(schema_path, encoding="utf-8") as file:
        schema = json.load(file)
    jsonschema.Draft7Validator.check_schema(schema)
    validator = jsonschema.Draft7Validator(schema)
    wrong, n_misspelt = [], 0
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
    if not scenarios or n_misspelt == 0:
        wrong.append("nothing was checked")
    print("\n".join(wrong) or f"{len(scenarios)} scenarios fit the schema, {n_misspelt} misspelt keys do not")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
