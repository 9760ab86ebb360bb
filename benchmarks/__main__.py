"""`python -m benchmarks [--check] [measurement or row ...]`: measures, prints, writes.

Without names it measures everything. A name is that of a measurement (`gas`, `id_tree`) or part of
a row's. `--check` ends with 1 when a value is not what it must be.
"""

import argparse
import sys

from benchmarks import page, process
from benchmarks.rows import MEASUREMENTS, Result, keep, measurement, results


def main() -> int:
    options = argparse.ArgumentParser(prog="benchmarks", description=__doc__)
    options.add_argument("names", nargs="*", metavar="name")
    options.add_argument("--check", action="store_true")
    given = options.parse_args()
    found: list[Result] = []
    for name in chosen(given.names):
        found += results(name, process.run(name))
        keep(found)
        page.write()
    print(table(found))
    return 1 if given.check and any(each.met is False for each in found) else 0


def chosen(names: list[str]) -> list[str]:
    """The measurements that are meant."""
    if not names:
        return list(MEASUREMENTS)
    found = {name: [each for each in MEASUREMENTS if is_meant(each, name)] for name in names}
    for name, meant in found.items():
        if not meant:
            sys.exit(f"nothing is measured by the name {name}; there are {', '.join(MEASUREMENTS)}")
    return [each for each in MEASUREMENTS if any(each in meant for meant in found.values())]


def is_meant(name: str, words: str) -> bool:
    return words == name or any(words in row.name for row in measurement(name).ROWS)


def table(found: list[Result]) -> str:
    """For people, in columns."""
    told = {None: "", True: "met", False: "NOT MET"}
    lines = [
        (each.name, page.number(each.value), each.unit, page.number(each.must), told[each.met])
        for each in found
    ]
    lines.insert(0, ("", "value", "unit", "must", ""))
    name, value, unit, must = (max(len(line[i]) for line in lines) for i in range(4))
    return "\n".join(
        f"{a:<{name}}  {b:>{value}}  {c:<{unit}}  {d:>{must}}  {e}".rstrip()
        for a, b, c, d, e in lines
    )


if __name__ == "__main__":
    sys.exit(main())
