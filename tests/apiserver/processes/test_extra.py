"""The server without what it needs: what is missing is said in a sentence, and what is optional is not needed."""

import subprocess
import sys

import pytest

BLOCKED = """
import sys
from importlib.abc import MetaPathFinder

class Blocker(MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {names!r}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)

sys.meta_path.insert(0, Blocker())
sys.modules |= dict.fromkeys({names!r})
"""


def run(program: str, *blocked: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", BLOCKED.format(names=list(blocked)) + program],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize("package", ["orjson", "httpx", "starlette"])
def test_import_without_the_extra_says_how_to_get_it(package: str) -> None:
    """`import rootspan_apiserver` raises an ImportError with the command that installs what is missing."""
    done = run("import rootspan_apiserver", package)
    assert done.returncode == 1
    assert done.stderr.endswith(
        f"ModuleNotFoundError: the API server needs {package}, which is not installed: pip install 'rootspan[apiserver]'\n"
    )


@pytest.mark.parametrize(("blocked", "offered"), [((), True), (("orjson",), False)], ids=["with", "without"])
def test_fixture_is_defined_only_with_the_extra(blocked: tuple[str, ...], offered: bool) -> None:
    """The plugin that pytest loads has `kube_apiserver` where it works, and loads without it where it does not."""
    done = run("import rootspan.pytest_plugin as plugin; print(hasattr(plugin, 'kube_apiserver'))", *blocked)
    assert (done.returncode, done.stdout) == (0, f"{offered}\n")


def test_server_runs_without_uvloop() -> None:
    """An environment answers where uvloop cannot be imported, in asyncio's own loop."""
    program = (
        "import httpx, asyncio; from rootspan_apiserver import Environment\n"
        "from rootspan_apiserver.processes.event_loop import new_event_loop\n"
        "loop = new_event_loop(); print(type(loop).__module__.partition('.')[0]); loop.close()\n"
        "import rootspan_apiserver.cli.apiserver, rootspan_apiserver.cli.demo\n"
        "with Environment() as env:\n"
        "    headers = {'authorization': f'Bearer {env.token}'}\n"
        "    print(httpx.get(env.url + '/livez', verify=False, headers=headers).text)\n"
    )
    done = run(program, "uvloop")
    assert (done.returncode, done.stdout) == (0, "asyncio\nok\n"), done.stderr
