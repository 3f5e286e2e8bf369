"""One process of a server of several."""

import os
from dataclasses import dataclass

from opentelemetry.sdk.resources import Resource

from rootspan_apiserver.processes.claims import Claims
from rootspan_apiserver.processes.membership import GroupMember
from rootspan_apiserver.processes.shared_numbers import OwnNumbers
from rootspan_apiserver.workers.identity import ServerIdentity

INSTANCE = "service.instance.id"


@dataclass(frozen=True, slots=True, kw_only=True)
class Worker:
    """What a process that serves requests has beside its options.

    Attributes:
        identity: What all processes of the server share.
        member: What it knows of the other processes.
        revisions: The latest revisions of all processes.
        claims: Keep its allocators apart from those of the others.
        store_path: The Unix socket of the embedded etcd; "" with a real etcd.
    """

    identity: ServerIdentity
    member: GroupMember
    revisions: OwnNumbers
    claims: Claims
    store_path: str = ""


def process_resource(of_server: Resource, member: GroupMember) -> Resource:
    """Return what tells the spans of a process from those of the others: its id, and its number behind the server's instance id."""
    found: dict[str, str | int] = {"process.pid": os.getpid()}
    if instance := of_server.attributes.get(INSTANCE):
        found[INSTANCE] = f"{instance}-{member.number}"
    return Resource(found)
