"""EventRateLimit: how many events may be written a second, by all clients, in a namespace, by a user, or about one object.

A limit is a bucket of `burst` tokens that fills with `qps` tokens a second. Only the last used buckets of a limit are kept.

Upstream: plugin/pkg/admission/eventratelimit/admission.go, limitenforcer.go, apis/eventratelimit/validation/validation.go
"""

import time
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import MappingProxyType

from rootspan_apiserver.admission.attributes import AdmissionAttributes
from rootspan_apiserver.admission.configuration import plugin_error
from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.status import FieldError, StatusError, listed
from rootspan_apiserver.rules import ROOT

Clock = Callable[[], float]
_CACHE_SIZE = 4096


def _key_of_object(attributes: AdmissionAttributes) -> str:
    event = attributes.object or {}
    source, involved = event.get("source") or {}, event.get("involvedObject") or {}
    return "".join(
        [
            *(source.get(key, "") for key in ("component", "host")),
            *(involved.get(key, "") for key in ("kind", "namespace", "name", "uid", "apiVersion")),
        ]
    )


_KEYS: Mapping[str, Callable[[AdmissionAttributes], str]] = MappingProxyType(
    {
        "Server": lambda attributes: "",
        "Namespace": lambda attributes: attributes.namespace,
        "User": lambda attributes: attributes.user.name,
        "SourceAndObject": _key_of_object,
    }
)
"""What the buckets of a type of limit are for."""


class EventRateLimit:
    """Limits events by the `limits` of the configuration; `clock` returns seconds.

    Raises:
        ConfigurationError: there are no limits, or one is not valid.
    """

    def __init__(self, limits: Sequence[JSONObject], clock: Clock = time.monotonic) -> None:
        if errors := list(_errors(limits)):
            raise plugin_error("EventRateLimit", listed(errors))
        self._limits = [_Limit(limit, clock) for limit in limits]

    async def validate(self, attributes: AdmissionAttributes) -> None:
        """Take a token of each limit for an event that is created or updated; dry runs are free.

        Raises:
            StatusError: 429, a bucket is empty.
        """
        kind = attributes.kind
        if (kind.group, kind.kind) != ("", "Event") or attributes.dry_run:
            return
        if attributes.operation in ("CREATE", "UPDATE"):
            reached = [text for limit in self._limits if (text := limit.refusal(attributes))]
            if reached:
                text = reached[0] if len(reached) == 1 else f"[{', '.join(dict.fromkeys(reached))}]"
                raise StatusError(429, "TooManyRequests", f"Too many requests: {text}")


class _Limit:
    """One limit with its buckets: for each key the tokens that are left, and since when."""

    def __init__(self, limit: JSONObject, clock: Clock) -> None:
        self._type, self._qps, self._burst = limit["type"], limit["qps"], limit["burst"]
        self._size = limit.get("cacheSize") or _CACHE_SIZE
        self._clock = clock
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def refusal(self, attributes: AdmissionAttributes) -> str:
        """Take a token. Return "", or why there is none."""
        key, now = _KEYS[self._type](attributes), self._clock()
        tokens, since = self._buckets.pop(key, (float(self._burst), now))
        tokens = min(self._burst, tokens + (now - since) * self._qps)
        accepted = tokens >= 1
        self._buckets[key] = (tokens - accepted, now)
        if len(self._buckets) > self._size:
            self._buckets.popitem(last=False)
        return "" if accepted else f"limit reached on type {self._type} for key {key}"


def _errors(limits: Sequence[JSONObject]) -> Iterator[FieldError]:
    if not limits:
        yield FieldError.invalid(ROOT / "limits", None, "must not be empty")
    for index, limit in enumerate(limits):
        path = ROOT / "limits" / index
        if limit["type"] not in _KEYS:
            yield FieldError.not_supported(path / "type", limit["type"], sorted(_KEYS))
        for key in ("burst", "qps"):
            if limit[key] <= 0:
                yield FieldError.invalid(path / key, limit[key], "must be positive")
        if limit["type"] != "Server" and limit.get("cacheSize", 0) < 0:
            yield FieldError.invalid(path / "cacheSize", limit["cacheSize"], "must not be negative")
