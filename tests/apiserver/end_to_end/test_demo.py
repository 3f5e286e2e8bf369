"""`rootspan demo`, as somebody who has just installed it runs it."""

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

from rootspan_apiserver.demo.story import Forgery
from tests.apiserver.end_to_end.processes import PATIENCE, Server, rootspan

REQUESTS = 6
SECONDS = 10.0


def test_story_is_told_and_everything_holds() -> None:
    """It ends by itself within ten seconds, with status 0, a tree for each request, no finding that does not hold and nothing on
    standard error."""
    begun = time.monotonic()
    with rootspan("demo") as demo:
        assert demo.wait() == 0
    assert time.monotonic() - begun < SECONDS
    assert demo.stderr == ""
    assert len(re.findall(r"^\d+\. The client ", demo.stdout, re.MULTILINE)) == REQUESTS
    steps = re.split(r"^\d+\. The client ", demo.stdout, flags=re.MULTILINE)[1:]
    for number, step in enumerate(steps, 1):
        forged = Forgery.number(number)
        assert f"sent  00-{forged.trace_id}-{forged.span_id}-01" in step
        tree = step.partition("sent  ")[2].partition("\n")[2]
        assert re.search(
            r"^ +trace [0-9a-f]{32}\n +(POST|GET|PATCH) \S+ SERVER apiserver .*\d ms\n +└─ ", tree, re.MULTILINE
        )
        assert forged.trace_id not in tree
        assert forged.span_id not in tree
    findings = re.findall(r"^  (yes|NO ) ", demo.stdout.partition("What the spans prove\n")[2], re.MULTILINE)
    assert len(findings) >= 6
    assert set(findings) == {"yes"}
    assert "All claims hold" in demo.stdout


def test_terminal_without_lines_is_enough() -> None:
    """Where the output cannot be written as it is, because the terminal's letters are few, the story is told all the same."""
    with rootspan("demo", env={"PYTHONIOENCODING": "ascii"}) as demo:
        assert demo.wait() == 0
    assert demo.stderr == ""
    assert "\n     ?? authentication INTERNAL apiserver" in demo.stdout


def test_reader_may_go() -> None:
    """When nobody reads any more, as behind `head`, it ends without a word about that."""
    reading, writing = os.pipe()
    demo = subprocess.Popen([sys.executable, "-m", "rootspan", "demo"], stdout=writing, stderr=subprocess.PIPE)
    os.close(reading)
    os.close(writing)
    _, complaint = demo.communicate(timeout=PATIENCE)
    assert (demo.returncode, complaint) == (1, b"")


def test_kept_it_can_be_used_with_kubectl_until_it_is_interrupted() -> None:
    """`--keep` prints a kubeconfig; the webhooks are in force; Ctrl-C ends all of it with status 0 and leaves nothing behind."""
    with rootspan("demo", "--keep") as demo:
        kubeconfig = Path(demo.wrote(r"^ *export KUBECONFIG=(\S+)$")[1])
        server = Server(demo, demo.wrote(r"^API server +(\S+)")[1], kubeconfig)
        assert server.kubectl("create", "configmap", "mine", "--from-literal=a=1") == "configmap/mine created\n"
        assert server.kubectl("get", "configmap", "mine", "-o", "jsonpath={.metadata.labels}") == (
            '{"seen-by":"sample-webhooks"}'
        )
        refused = server.kubectl("create", "configmap", "no", "--from-literal=password=hunter2", status=1)
        assert "denied the request: a password belongs in a Secret" in refused
        assert demo.stop(signal.SIGINT) == 0
    assert demo.stderr == ""
    assert not kubeconfig.parent.exists()
