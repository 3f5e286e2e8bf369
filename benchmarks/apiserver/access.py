"""What RBAC costs: `python benchmarks/apiserver/access.py [--quick]`.

The first figures are the microseconds of one decision of the authorizer with 200 bindings, medians: for a user that none of them names,
for a user that all of them name (about an object asked for before, about one object after another, and the first question of all).
The last is how much dearer a request of an ordinary user is under RBAC than under AlwaysAllow, the two servers asked in turn.
"""

import asyncio
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path

from connection import CONFIG_MAPS, Connection
from opentelemetry.trace import NoOpTracerProvider

from rootspan_apiserver.authz.authorizer import AuthorizationAttributes
from rootspan_apiserver.authz.rbac import RBACAuthorizer
from rootspan_apiserver.authz.role_bindings import RoleBindings
from rootspan_apiserver.dialects.versions import DEFAULT
from rootspan_apiserver.embedded_etcd import URL, EmbeddedEtcd
from rootspan_apiserver.etcd import EtcdClient
from rootspan_apiserver.kube.users import User
from rootspan_apiserver.registry.store import Store
from rootspan_apiserver.resources.catalogue import builtin_registry
from rootspan_apiserver.serving.kubeconfig import Access, read
from rootspan_apiserver.storage import Storage
from rootspan_apiserver.telemetry.tracing import Tracing

BINDINGS, READY_SECONDS = 200, 10
GROUP = "rbac.authorization.k8s.io"
RBAC = f"/apis/{GROUP}/v1"


def role(number: int) -> dict[str, object]:
    rule = {"verbs": ["get", "list"], "apiGroups": [""], "resources": [f"things{number}"]}
    last = {"verbs": ["get"], "apiGroups": [""], "resources": ["configmaps"]}
    return {"metadata": {"name": f"r{number}"}, "rules": [rule, *([last] if number == BINDINGS - 1 else [])]}


def binding(number: int, user: str) -> dict[str, object]:
    reference = {"apiGroup": GROUP, "kind": "ClusterRole", "name": f"r{number}"}
    subject = {"kind": "User", "apiGroup": GROUP, "name": user}
    return {"metadata": {"name": f"b{number:03}"}, "roleRef": reference, "subjects": [subject]}


async def decisions(rounds: int) -> dict[str, float]:
    registry, tracing = builtin_registry(), Tracing(NoOpTracerProvider(), DEFAULT)
    async with (
        EmbeddedEtcd(None) as embedded,
        EtcdClient([URL], transport=embedded.transport) as etcd,
        Storage(etcd, tracing, resources=registry.resources()) as storage,
    ):
        await storage.wait_ready(READY_SECONDS)
        store, bindings = Store(storage, registry.resources()), RoleBindings(storage, registry)
        for plural, kind, make in (
            ("clusterroles", "ClusterRole", role),
            ("clusterrolebindings", "ClusterRoleBinding", lambda number: binding(number, "bound")),
        ):
            for number in range(BINDINGS):
                obj = {"apiVersion": f"{GROUP}/v1", "kind": kind, **make(number)}
                await store.create(registry.builtin(plural, GROUP), "", obj)
        authorizer = RBACAuthorizer(bindings)

        async def median(make: Callable[[int], AuthorizationAttributes]) -> float:
            taken = []
            for number in range(rounds):
                asked = make(number)
                begun = time.perf_counter()
                await authorizer.authorize(asked)
                taken.append(time.perf_counter() - begun)
            return statistics.median(taken) * 1e6

        def asked(user: str, name: str = "", resource: str = "configmaps") -> AuthorizationAttributes:
            return AuthorizationAttributes(
                user=User(user), verb="get", is_resource=True, namespace="default", resource=resource, name=name
            )

        return {
            "a user without a binding (µs)": await median(lambda number: asked(f"u{number}")),
            "a bound user, the same object (µs)": await median(lambda number: asked("bound", "a")),
            "a bound user, another object each time (µs)": await median(lambda number: asked("bound", f"o{number}")),
            "a bound user, another resource each time (µs)": await median(
                lambda number: asked("bound", "", f"x{number}")
            ),
        }


@contextmanager
def serving(folder: Path, mode: str) -> Iterator[Access]:
    kubeconfig, tokens = folder / f"{mode}.kubeconfig", folder / "tokens.csv"
    tokens.write_text("secret,bound,u1\n")
    flags = ["--secure-port=0", f"--write-kubeconfig={kubeconfig}", f"--token-auth-file={tokens}"]
    command = [sys.executable, "-m", "rootspan", "apiserver", f"--authorization-mode={mode}", *flags]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        assert process.stdout is not None
        process.stdout.readline()
        yield read(kubeconfig.read_text())
        process.terminate()


async def ratio(servers: tuple[Access, Access], rounds: int) -> float:
    """Return the median time of a request to the second server by that of one to the first."""
    connections = []
    for access in servers:
        administrator = await Connection.open(access)
        for number in range(BINDINGS):
            await administrator.request("POST", f"{RBAC}/clusterroles", json.dumps(role(number)).encode())
            body = json.dumps(binding(number, "bound")).encode()
            await administrator.request("POST", f"{RBAC}/clusterrolebindings", body)
        body = json.dumps({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}}).encode()
        await administrator.request("POST", CONFIG_MAPS, body)
        administrator.writer.close()
        connections.append(await Connection.open(replace(access, token="secret")))
    for number in range(rounds):
        for connection in connections if number % 2 else reversed(connections):
            await connection.request("GET", f"{CONFIG_MAPS}/a")
    for connection in connections:
        connection.writer.close()
    first, second = (statistics.median(connection.timings) for connection in connections)
    return second / first


def main() -> None:
    rounds = 1000 if "--quick" in sys.argv else 5000
    found = asyncio.run(decisions(rounds))
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        servers = tuple(stack.enter_context(serving(Path(folder), mode)) for mode in ("AlwaysAllow", "RBAC"))
        found["a request under RBAC, by one under AlwaysAllow"] = asyncio.run(ratio((servers[0], servers[1]), rounds))
    for name, value in found.items():
        print(f"{name:52}{value:>8.2f}")


if __name__ == "__main__":
    main()
