"""The layers of the packages: no package imports one above it, and every package is in a layer."""

import subprocess
import sys
import tomllib
from typing import Any

from tests.house.sources import PACKAGES, ROOT

EXCEPTIONS = frozenset(
    {
        # a program that prints the rules of a kind, and is imported by no module
        "rootspan_apiserver.rules.__main__ -> rootspan_apiserver.resources.*",
    }
)
"""Imports of a package above."""


def contracts() -> list[dict[str, Any]]:
    """Return the contracts of import-linter in pyproject.toml."""
    found: list[dict[str, Any]] = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"][
        "contracts"
    ]
    return found


def test_every_package_of_the_server_is_in_a_layer() -> None:
    """The layers name each module and package of the server once, and no import is excepted but those of programs."""
    (layered,) = (contract for contract in contracts() if contract["type"] == "layers")
    listed = [name.strip(" ()") for layer in layered["layers"] for name in layer.split("|")]
    folder = PACKAGES["rootspan_apiserver"]
    present = {path.stem for path in folder.iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()}
    assert sorted(listed) == sorted(present - {"__init__"})
    assert layered["exhaustive"] is True
    assert set(layered.get("ignore_imports", ())) <= EXCEPTIONS


def test_no_import_breaks_a_contract() -> None:
    """import-linter finds every contract kept. It runs in its own process, because it disables the loggers of the one it runs in."""
    check = "from importlinter.cli import lint_imports_command; lint_imports_command()"
    command = [sys.executable, "-c", check, f"--config={ROOT / 'pyproject.toml'}", "--no-cache"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
