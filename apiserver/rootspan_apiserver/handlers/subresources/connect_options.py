"""The options of a connection to a pod, node or service, as admission sees them: an object made of the query.

Upstream: pkg/apis/core/v1/zz_generated.conversion.go (Convert_url_Values_To_v1_PodExecOptions),
staging/src/k8s.io/apimachinery/pkg/runtime/conversion.go
"""

from collections.abc import Sequence

from rootspan_apiserver.handlers.target import Target
from rootspan_apiserver.http.request import Request
from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.status import bad_request

_STREAMS = ("stdin", "stdout", "stderr", "tty")


def connect_options(request: Request, target: Target) -> JSONObject:
    """Return the options without empty fields, but for the command of an exec.

    Raises:
        StatusError: 400, a port is no number.
    """
    options: JSONObject = {"kind": target.kind.kind, "apiVersion": target.kind.api_version}
    query = request.query
    if target.part == "portforward":
        ports = [_port(text) for text in query.get("ports") or ()]
        return options | ({"ports": ports} if ports else {})
    if target.part == "proxy":
        path = "/".join(request.info.parts[3:])
        return options | ({"path": path} if path else {})
    options |= {name: True for name in _STREAMS if _truth(query.get(name) or ())}
    if container := (query.get("container") or [""])[0]:
        options["container"] = container
    if target.part == "exec":
        options["command"] = query.get("command")
    return options


def _truth(values: Sequence[str]) -> bool:
    """Return whether a parameter is set to anything but `false` and `0`."""
    return bool(values) and values[0].lower() not in ("false", "0")


def _port(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise bad_request(f'strconv.ParseInt: parsing "{text}": invalid syntax') from None
