"""`/healthz`, `/livez` and `/readyz`: the checks one by one, each a path of its own too.

https://kubernetes.io/docs/reference/using-api/health-checks/: `verbose` lists them, `exclude` leaves some out.
"""

import logging
from collections.abc import Mapping

from rootspan_apiserver.http.parts import Check
from rootspan_apiserver.http.request import Request
from rootspan_apiserver.http.responses import send_bytes, write_text

_log = logging.getLogger(__name__)
_PLAIN = "text/plain; charset=utf-8"
_NOSNIFF = [(b"x-content-type-options", b"nosniff")]


async def _ping() -> None:
    return None


async def answer(request: Request) -> None:
    segments = [segment for segment in request.path.split("/") if segment]
    endpoint, name = segments[0], "/".join(segments[1:])
    checks = _checks(request, endpoint)
    if name:
        if name not in checks:
            await write_text(request, 404, "404 page not found\n")
            return
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
        await write_text(request, 500, "\n".join([*lines, f"{endpoint} check failed", ""]))
        return
    body = "ok"
    if request.parameter("verbose") is not None:
        body = "\n".join([*lines, f"{endpoint} check passed", ""])
    await send_bytes(request, 200, body.encode(), _PLAIN, _NOSNIFF)


def _checks(request: Request, endpoint: str) -> Mapping[str, Check]:
    parts = request.parts
    checks: dict[str, Check] = {"ping": _ping, **parts.checks}
    if endpoint == "readyz":
        checks |= parts.readiness
        checks["shutdown"] = _not_shutting_down(request)
    return checks


def _not_shutting_down(request: Request) -> Check:
    async def check() -> None:
        if request.parts.shutting_down.is_set() or request.parts.stopping.is_set():
            raise RuntimeError("process is shutting down")

    return check
