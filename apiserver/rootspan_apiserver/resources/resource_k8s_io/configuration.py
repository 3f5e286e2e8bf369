"""Parameters that Kubernetes passes on to the driver of a device without looking into them.

Upstream: pkg/apis/resource/validation/validation.go (validateDeviceConfiguration, validateOpaqueConfiguration, validateRawExtension)
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import orjson

from rootspan_apiserver.kube.status import FieldError
from rootspan_apiserver.resources.resource_k8s_io.names import driver_name
from rootspan_apiserver.rules import Line, Path, Rule, RuleContext, not_nil, struct

PARAMETERS_LIMIT = 10 * 1024


@dataclass(frozen=True)
class ObjectOfBytes(Rule):
    """A JSON object of at most so many bytes; `stored` values may be longer."""

    limit: int
    stored: bool = False
    wants_absent: bool = field(default=True, kw_only=True)

    def check(self, value: Any, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
        if value is None:
            yield FieldError.required(path)
        elif not self.stored and len(orjson.dumps(value)) > self.limit:
            yield FieldError.too_long(path, self.limit)
        elif type(value) is not dict:
            yield FieldError.invalid(path, "<value omitted>", "must be a valid JSON object")

    def describe(self) -> Iterator[Line]:
        yield Line("", f"a JSON object of at most {self.limit} bytes" + (" (unless stored)" if self.stored else ""))


def device_configuration(*, stored: bool = False) -> Rule:
    """Return the rule of a configuration for a device.

    Args:
        stored: whether the configurations were stored before: such parameters may be longer than the limit.
    """
    parameters = ObjectOfBytes(PARAMETERS_LIMIT, stored)
    return struct(opaque=not_nil & struct(driver=driver_name, parameters=parameters))
