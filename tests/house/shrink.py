"""Drop from `not_yet.py` what keeps the rules by now: `python -m tests.house.shrink`.

`--adopt` adds what breaks them, once, after a merge of modules that were written before the rules.
"""

import ast
import sys
from collections import Counter
from pathlib import Path

from tests.house import not_yet
from tests.house.checks import CHECKS, TWINS
from tests.house.sources import PACKAGES, sources

HEAD = '"""What still breaks a rule of the house. These lists only shrink; `shrink.py` drops what is mended."""\n'


def write(unique: frozenset[str], modules: dict[str, frozenset[str]]) -> None:
    """Write the lists, one name a line."""
    lines = [HEAD, "NOT_YET_UNIQUE: frozenset[str] = frozenset("]
    lines += ["    (", *(f'        "{name}",' for name in sorted(unique)), "    )", ")"]
    lines += ['"""Class names that two modules of a package define."""', "", "NOT_YET: dict[str, frozenset[str]] = {"]
    for check, names in modules.items():
        lines += [f'    "{check}": frozenset(', "        (", *(f'            "{name}",' for name in sorted(names))]
        lines += ["        )", "    ),"]
    text = "\n".join([*lines, "}", '"""Modules that break a rule, by the name of its check."""', ""])
    Path(not_yet.__file__).write_text(text)


def twice() -> frozenset[str]:
    """Return the class names that two modules of a package define, private ones and twins excepted."""
    found: set[str] = set()
    for package in PACKAGES:
        nodes = [
            node for source in sources(package) for node in ast.walk(source.tree) if isinstance(node, ast.ClassDef)
        ]
        counts = Counter(node.name for node in nodes if not node.name.startswith("_"))
        found |= {name for name, count in counts.items() if count > 1}
    return frozenset(found - TWINS)


def main(*, adopt: bool) -> None:
    """Write what is at fault now; without `adopt` only what is listed already."""
    every = [source for package in PACKAGES for source in sources(package)]
    broken = {check.__name__: frozenset(each.module for each in every if any(check(each))) for check in CHECKS}
    if adopt:
        write(twice(), broken)
    else:
        listed = {check: names & not_yet.NOT_YET[check] for check, names in broken.items()}
        write(twice() & not_yet.NOT_YET_UNIQUE, listed)


if __name__ == "__main__":
    main(adopt="--adopt" in sys.argv[1:])
