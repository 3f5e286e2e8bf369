"""The layers of the packages: no package imports one above it, and every package is in a layer."""

import tomllib
from typing import Any

from importlinter.cli import lint_imports

from tests.house.sources import PACKAGES, ROOT


def contracts() -> list[dict[str, Any]]:
    """Return the contracts of import-linter in pyproject.toml."""
    found: list[dict[str, Any]] = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"][
        "contracts"
    ]
    return found


def test_every_package_of_the_server_is_in_a_layer() -> None:
    """The layers name each module and package of the server once, and the contract has no exceptions."""
    (layered,) = (contract for contract in contracts() if contract["type"] == "layers")
    listed = [name.strip(" ()") for layer in layered["layers"] for name in layer.split("|")]
    folder = PACKAGES["rootspan_apiserver"]
    present = {path.stem for path in folder.iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()}
    assert sorted(listed) == sorted(present - {"__init__"})
    assert layered["exhaustive"] is True
    assert "ignore_imports" not in layered


def test_no_import_breaks_a_contract() -> None:
    """import-linter finds every contract kept."""
    assert lint_imports(config_filename=str(ROOT / "pyproject.toml"), no_cache=True) == 0
