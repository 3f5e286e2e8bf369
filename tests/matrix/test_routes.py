"""The route names the span with every version of Starlette and FastAPI that is supported, installed side by side."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from dev import VERSIONS, VERSIONS_FOLDER

SCRIPT = Path(__file__).with_name("routes.py")
NAMES = ["GET /orders/{order_id}", "GET /shops/{shop}/orders/{order_id}", "GET /static", "GET"]
PLAIN = ["GET /plain/{order_id}", "GET /docs"]


@pytest.mark.parametrize("requirements", VERSIONS, ids=" ".join)
def test_span_is_named_after_the_route_in_every_version(requirements: tuple[str, ...]) -> None:
    """Routes, mounts with parameters, mounted applications and FastAPI's plain routes all have their template."""
    package, _, version = requirements[0].partition("==")
    folder = VERSIONS_FOLDER / "_".join(requirements)
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(folder), os.environ.get("PYTHONPATH", "")])}
    done = subprocess.run(
        [sys.executable, "-W", "ignore", str(SCRIPT), package],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    expected = NAMES + (PLAIN if package == "fastapi" else [])
    assert json.loads(done.stdout) == {"version": version, "names": expected}
