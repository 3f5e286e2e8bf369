"""Each library is supported where the other one is not installed."""

import subprocess
import sys

import pytest

PROGRAM = """
import asyncio, sys

class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {absent}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)

sys.meta_path.insert(0, Absent())
import {present}
from rootspan.{present} import traced
from rootspan.testing import recording_provider

provider, recorder = recording_provider()
answering = {present}.MockTransport(lambda request: {present}.Response(200, text=request.headers["traceparent"]))

async def main():
    async with traced({present}.AsyncClient(transport=answering), tracer_provider=provider) as client:
        print((await client.get("http://shop.example/")).text)

with traced({present}.Client(transport=answering), tracer_provider=provider) as client:
    print(client.get("http://shop.example/").text)
asyncio.run(main())
print(len(recorder.spans), *(name for name in {absent} if name in sys.modules))
"""


@pytest.mark.parametrize(("present", "absent"), [("httpx", ("httpx2", "httpcore2")), ("httpx2", ("httpx", "httpcore"))])
def test_one_library_needs_not_the_other(present: str, absent: tuple[str, ...]) -> None:
    """A program that cannot import the other one traces both kinds of clients."""
    program = PROGRAM.format(present=present, absent=absent)
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")
    first, second, count = done.stdout.split("\n")[:3]
    assert {len(first), len(second)} == {55}
    assert count == "2"


@pytest.mark.parametrize("absent", ["httpx", "httpx2"])
def test_library_that_is_not_installed_is_named(absent: str) -> None:
    """The module for it says what is missing; `rootspan` itself needs neither."""
    program = PROGRAM.partition("import {present}")[0].format(absent=("httpx", "httpx2"))
    program += f"import rootspan\nprint('imported', flush=True)\nimport rootspan.{absent}\n"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60)
    assert done.stdout == "imported\n"
    assert done.stderr.endswith(f"ModuleNotFoundError: No module named '{absent}'\n")
