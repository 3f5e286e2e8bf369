"""What tells the processes of a server apart."""

import os
import socket

from opentelemetry.sdk.resources import Resource

from rootspan_apiserver.processes.membership import GroupMember
from rootspan_apiserver.workers.worker import process_resource


def test_spans_of_a_worker_name_its_process() -> None:
    """The service is that of all workers; the instance and the process are the worker's own."""
    of_server = Resource({"service.name": "apiserver", "service.instance.id": "apiserver-x"})
    for number in range(2):
        here, there = socket.socketpair()
        with here, there:
            merged = of_server.merge(process_resource(of_server, GroupMember(here, number)))
        assert merged.attributes["service.name"] == "apiserver"
        assert merged.attributes["service.instance.id"] == f"apiserver-x-{number}"
        assert merged.attributes["process.pid"] == os.getpid()
