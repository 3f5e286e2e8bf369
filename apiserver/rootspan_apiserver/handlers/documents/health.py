"""`/healthz`, `/livez` and `/readyz`: all checks, or each at a path of its own.

https://kubernetes.io/docs/reference/using-api/health-checks/: `verbose` lists them, `exclude` leaves some out.

Upstream: staging/src/k8s.io/apiserver/pkg/server/healthz/healthz.go
"""

import logging
from asyncio import Event
from collections.abc import Awaitable, Callable, Iterator, Mapping

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
        shutting_down: Is set when the server is asked to stop: it is not ready from then on.
        stopping: Is set when the server stops listening.
    """

    def __init__(self, checks: Mapping[str, Check], *, shutting_down: Event, stopping: Event) -> None:
        self._checks: dict[str, Check] = {"ping": _ping, **checks}
        self._shutting_down = shutting_down
        self._stopping = stopping

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
        if self._shutting_down.is_set() or self._stopping.is_set():
            raise RuntimeError("process is shutting down")
