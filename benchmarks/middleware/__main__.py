"""What tracing costs: this middleware and transport beside their peers, in one run.

    python benchmarks/middleware            all of it, about ten minutes
    python benchmarks/middleware --quick    under a minute, once the peers are installed

The peers are installed into an environment of their own, `.venv` beside this file. The results are written beside it too:
`results.json`, and `results.svg`, the chart that the README shows (with --quick: `quick.json` and `quick.svg`, not committed).
"""

import json
import os
import subprocess
import sys
import venv
from pathlib import Path

from chart import chart
from report import table

HERE = Path(__file__).parent
PYTHON = HERE / ".venv" / "bin" / "python"


def install() -> None:
    """Makes the environment, or brings it up to date when what is to be in it has changed."""
    wanted = (HERE / "peers.txt").read_text()
    installed = HERE / ".venv" / "installed.txt"
    if installed.exists() and installed.read_text() == wanted:
        return
    venv.create(HERE / ".venv", with_pip=True)
    project = HERE.parent.parent
    subprocess.run(
        [PYTHON, "-m", "pip", "install", "--quiet", "-r", HERE / "peers.txt", "-e", f"{project}[httpx]"], check=True
    )
    installed.write_text(wanted)


def main() -> None:
    quick = "--quick" in sys.argv[1:]
    install()
    environment = os.environ | {"OTEL_SEMCONV_STABILITY_OPT_IN": "http"}
    measured = subprocess.run(
        [PYTHON, HERE / "measure.py", *(["--quick"] if quick else [])],
        stdout=subprocess.PIPE,
        env=environment,
        check=True,
        text=True,
    )
    results = json.loads(measured.stdout.splitlines()[-1])
    name = "quick" if quick else "results"
    (HERE / f"{name}.json").write_text(json.dumps(results, indent=2) + "\n")
    (HERE / f"{name}.svg").write_text(chart(results))
    print(table(results))


if __name__ == "__main__":
    main()
