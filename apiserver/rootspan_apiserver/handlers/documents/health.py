"""`/healthz`, `/livez` and `/readyz`: all checks, or each at a path of its own.

https://kubernetes.io/docs/reference/using-api/health-checks/: `verbose` lists them, `exclude` leaves some out.

Upstream: staging/src/k8s.io/apiserver/pkg/server/healthz/healthz.go
"""

import logging
from collections.abc import Awaitable, Callable, Iterator, Mapping

from rootspan_apiserver.http.lifecycle import Lifecycle
from rootspan_apiserver.http.request import Request
from rootspan_apiserver.http.responses import NOSNIFF, NOT_FOUND, Response, plain_text

_log = logging.getLogger(__name__)

ENDPOINTS = ("healthz", "livez", "readyz")
Check = Callable[[], Awaitable[None]]
"""Raises when it fails."""


async def _ping() -> None:
    return None


class Health:
    """Answers from the checks.

    Args:
        checks: Those of the server, by name.
        lifecycle: Says when the server is not ready any more.
    """

    def __init__(self, checks: Mapping[str, Check], lifecycle: Lifecycle) -> None:
        self._checks: dict[str, Check] = {"ping": _ping, **checks}
        self._lifecycle = lifecycle

    def paths(self) -> Iterator[str]:
        """Yield the paths of the checks."""
        for endpoint in ENDPOINTS:
            yield f"/{endpoint}"
            yield from (f"/{endpoint}/{name}" for name in self._of(endpoint))

    def _of(self, endpoint: str) -> Mapping[str, Check]:
        shutdown = {"shutdown": self._check_not_stopping} if endpoint == "readyz" else {}
        return self._checks | shutdown

    async def answer(self, request: Request) -> Response:
        endpoint, slash, name = request.path.removeprefix("/").partition("/")
        checks = self._of(endpoint)
        if slash:
            if name not in checks:
                return NOT_FOUND
            checks = {name: checks[name]}
        excluded = set(request.query.get("exclude", ()))
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
            else:
                lines.append(f"[+]{each} ok")
        lines += [
            f'warn: some health checks cannot be excluded: no matches for "{each}"' for each in excluded - checks.keys()
        ]
        if failed:
            return plain_text("\n".join([*lines, f"{endpoint} check failed", ""]), 500)
        verbose = request.parameter("verbose") is not None
        body = "\n".join([*lines, f"{endpoint} check passed", ""]) if verbose else "ok"
        return plain_text(body, headers=[NOSNIFF])

    async def _check_not_stopping(self) -> None:
        if self._lifecycle.shutting_down.is_set() or self._lifecycle.stopping.is_set():
            raise RuntimeError("process is shutting down")
