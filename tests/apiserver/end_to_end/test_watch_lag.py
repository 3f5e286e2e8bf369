"""A watch event is on its way before the write that it tells of is answered."""

import ssl
from contextlib import closing
from http.client import HTTPSConnection
from pathlib import Path

import orjson
import pytest

from rootspan_apiserver import Environment

MAPS = "/api/v1/namespaces/default/configmaps"


def connected(env: Environment) -> HTTPSConnection:
    host, port = env.url.removeprefix("https://").split(":")
    context = ssl.create_default_context(cadata=env.ca_bundle.decode())
    return HTTPSConnection(host, int(port), timeout=10, context=context)


@pytest.mark.parametrize("durable", [False, True], ids=["memory", "disk"])
def test_event_is_sent_before_its_write_is_answered(durable: bool, tmp_path: Path) -> None:
    """When the answer to a create, an update or a delete has been read, the watcher's socket has the event already."""
    with (
        Environment(*([f"--data-dir={tmp_path}"] if durable else [])) as env,
        closing(connected(env)) as watcher,
        closing(connected(env)) as writer,
    ):
        headers = {"Authorization": f"Bearer {env.token}", "Content-Type": "application/json"}
        watcher.request("GET", f"{MAPS}?watch=1&resourceVersion=0&fieldSelector=metadata.name=c", headers=headers)
        with closing(watcher.getresponse()) as events:
            socket = watcher.sock
            assert isinstance(socket, ssl.SSLSocket)
            seen = []
            for method, path in (("POST", MAPS), ("PUT", f"{MAPS}/c"), ("DELETE", f"{MAPS}/c")):
                body = {"kind": "ConfigMap", "apiVersion": "v1", "metadata": {"name": "c"}, "data": {"method": method}}
                writer.request(method, path, None if method == "DELETE" else orjson.dumps(body), headers)
                answer = writer.getresponse()
                assert (answer.status, bool(answer.read())) == (201 if method == "POST" else 200, True)
                socket.setblocking(False)
                seen.append(orjson.loads(events.readline())["type"])
        assert seen == ["ADDED", "MODIFIED", "DELETED"]
