"""`/healthz`, `/livez` and `/readyz`: all checks, or each at a path of its own.

https://kubernetes.io/docs/reference/using-api/health-checks/: `verbose` lists them, `exclude` leaves some out. The checks have the names of
kube-apiserver's. Those of its post-start hooks succeed together, as soon as all parts of this server run; `informer-sync` stands for the
store, whose caches are not current while it is away.

Upstream: staging/src/k8s.io/apiserver/pkg/server/healthz/healthz.go, staging/src/k8s.io/apiserver/pkg/server/hooks.go
"""

import logging
from collections.abc import Awaitable, Callable, Iterator, Mapping

from rootspan_apiserver.http.lifecycle import Lifecycle
from rootspan_apiserver.http.request import Request
from rootspan_apiserver.http.responses import NOSNIFF, NOT_FOUND, Response, plain_text
from rootspan_apiserver.telemetry.health_metrics import HealthMetrics

_log = logging.getLogger(__name__)

ENDPOINTS = ("healthz", "livez", "readyz")
BOOTSTRAP_ROLES = "poststarthook/rbac/bootstrap-roles"
FLOW_CONTROL = "poststarthook/priority-and-fairness-config-consumer"
FLOW_CONTROL_FILTER = "poststarthook/priority-and-fairness-filter"
MAX_IN_FLIGHT_FILTER = "poststarthook/max-in-flight-filter"
HOOKS = (
    "poststarthook/start-apiserver-admission-initializer",
    "poststarthook/generic-apiserver-start-informers",
    FLOW_CONTROL,
    FLOW_CONTROL_FILTER,
    "poststarthook/storage-object-count-tracker-hook",
    "poststarthook/start-apiextensions-informers",
    "poststarthook/start-apiextensions-controllers",
    "poststarthook/crd-informer-synced",
    "poststarthook/start-system-namespaces-controller",
    "poststarthook/peer-endpoint-reconciler-controller",
    "poststarthook/start-cluster-authentication-info-controller",
    "poststarthook/start-kube-apiserver-identity-lease-controller",
    "poststarthook/start-kube-apiserver-identity-lease-garbage-collector",
    "poststarthook/storage-readiness",
    "poststarthook/start-legacy-token-tracking-controller",
    "poststarthook/start-service-ip-repair-controllers",
    BOOTSTRAP_ROLES,
    "poststarthook/scheduling/bootstrap-system-priority-classes",
    "poststarthook/priority-and-fairness-config-producer",
    "poststarthook/bootstrap-controller",
    "poststarthook/start-kubernetes-service-cidr-controller",
    "poststarthook/start-kube-aggregator-informers",
    "poststarthook/apiservice-status-local-available-controller",
    "poststarthook/apiservice-status-remote-available-controller",
    "poststarthook/apiservice-registration-controller",
    "poststarthook/apiservice-wait-for-first-sync",
    "poststarthook/apiservice-discovery-controller",
    "poststarthook/kube-apiserver-autoregistration",
    "autoregister-completion",
    "poststarthook/apiservice-openapi-controller",
    "poststarthook/apiservice-openapiv3-controller",
)
Check = Callable[[], Awaitable[None]]
"""Raises when it fails."""


async def _passed() -> None:
    return None


def _without_flow_control(hooks: tuple[str, ...]) -> list[str]:
    """Return the hooks of a server that only limits the requests in flight."""
    kept = [each for each in hooks if each != FLOW_CONTROL]
    return [MAX_IN_FLIGHT_FILTER if each == FLOW_CONTROL_FILTER else each for each in kept]


class Health:
    """Answers from the checks.

    Args:
        etcd: The check of the store.
        lifecycle: Says when the server has started, and when it is not ready any more.
        bootstraps_roles: Whether there is the hook that does.
        kms: The check of the KMS plugins, None where there are none.
        controls_flow: Whether API Priority and Fairness is on.
    """

    def __init__(
        self,
        etcd: Check,
        lifecycle: Lifecycle,
        *,
        bootstraps_roles: bool,
        kms: Check | None = None,
        controls_flow: bool = True,
    ) -> None:
        self._lifecycle = lifecycle
        self.metrics = HealthMetrics()
        names = HOOKS if controls_flow else _without_flow_control(HOOKS)
        hooks = dict.fromkeys(names, self._check_started)
        if not bootstraps_roles:
            del hooks[BOOTSTRAP_ROLES]
        plugins = {"kms-providers": kms} if kms is not None else {}
        first = {"ping": _passed, "log": _passed}
        stored = {**first, "loopback-serving-certificate": _passed, "etcd": etcd}
        self._checks: Mapping[str, Mapping[str, Check]] = {
            "healthz": {**stored, **plugins, **hooks},
            "livez": {**stored, **hooks},
            "readyz": {**first, **plugins, "informer-sync": etcd, **hooks, "shutdown": self._check_not_stopping},
        }

    def paths(self) -> Iterator[str]:
        """Yield the paths of the checks."""
        for endpoint in ENDPOINTS:
            yield f"/{endpoint}"
            yield from (f"/{endpoint}/{name}" for name in self._checks[endpoint])

    async def answer(self, request: Request) -> Response:
        endpoint, slash, name = request.path.removeprefix("/").partition("/")
        checks = self._checks[endpoint]
        if slash:
            return await _single(checks[name]) if name in checks else NOT_FOUND
        return await self._all(request, endpoint, checks)

    async def _all(self, request: Request, endpoint: str, checks: Mapping[str, Check]) -> Response:
        excluded = dict.fromkeys(request.query.get("exclude", ()))
        lines, failed = [], False
        for each, check in checks.items():
            if each in excluded:
                lines.append(f"[+]{each} excluded: ok")
                continue
            try:
                await check()
            except Exception as exc:
                _log.warning("%s check %s failed: %s", endpoint, each, exc)
                failed = True
                lines.append(f"[-]{each} failed: reason withheld")
                self.metrics.observe(each, endpoint, passed=False)
            else:
                lines.append(f"[+]{each} ok")
                self.metrics.observe(each, endpoint, passed=True)
        if unknown := ",".join(f'"{each}"' for each in sorted(excluded) if each not in checks):
            lines.append(f"warn: some health checks cannot be excluded: no matches for {unknown}")
        if failed:
            return plain_text("\n".join([*lines, f"{endpoint} check failed", ""]), 500)
        verbose = request.parameter("verbose") is not None
        body = "\n".join([*lines, f"{endpoint} check passed", ""]) if verbose else "ok"
        return plain_text(body, headers=[NOSNIFF])

    async def _check_started(self) -> None:
        if not self._lifecycle.started.is_set():
            raise RuntimeError("not finished")

    async def _check_not_stopping(self) -> None:
        if self._lifecycle.shutting_down.is_set() or self._lifecycle.stopping.is_set():
            raise RuntimeError("process is shutting down")


async def _single(check: Check) -> Response:
    try:
        await check()
    except Exception as exc:
        return plain_text(f"internal server error: {exc}\n", 500)
    return plain_text("ok")
