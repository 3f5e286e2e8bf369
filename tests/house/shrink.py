"""Drop from `not_yet.py` what keeps the rules by now: `python -m tests.house.shrink`. Nothing is ever added."""

import ast
from collections import Counter
from pathlib import Path

from tests.house import not_yet
from tests.house.checks import CHECKS
from tests.house.sources import PACKAGES, sources

HEAD = '"""What still breaks a rule of the house. These lists only shrink; `shrink.py` drops what is mended."""\n'


def write(unique: frozenset[str], modules: dict[str, frozenset[str]]) -> None:
    """Write the lists, one name a line."""
    lines = [HEAD, "NOT_YET_UNIQUE: frozenset[str] = frozenset("]
    lines += ["    (", *(f'        "{name}",' for name in sorted(unique)), "    )" if unique else "", ")"]
    lines += ['"""Class names that two modules of a package define."""', "", "NOT_YET: dict[str, frozenset[str]] = {"]
    for check, names in modules.items():
        lines += [f'    "{check}": frozenset(', "        (", *(f'            "{name}",' for name in sorted(names))]
        lines += ["        )", "    ),"]
    text = "\n".join([*lines, "}", '"""Modules that break a rule, by the name of its check."""', ""])
    Path(not_yet.__file__).write_text(text)


def main() -> None:
    """Keep of each list the names that are still at fault."""
    every = [source for package in PACKAGES for source in sources(package)]
    broken = {
        check.__name__: not_yet.NOT_YET[check.__name__] & {each.module for each in every if any(check(each))}
        for check in CHECKS
    }
    counts: Counter[str] = Counter()
    for package in PACKAGES:
        names = [n.name for s in sources(package) for n in ast.walk(s.tree) if isinstance(n, ast.ClassDef)]
        counts |= Counter(names)
    write(not_yet.NOT_YET_UNIQUE & {name for name, count in counts.items() if count > 1}, broken)


if __name__ == "__main__":
    main()
