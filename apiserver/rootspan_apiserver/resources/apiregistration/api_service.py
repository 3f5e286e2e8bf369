"""APIService (apiregistration.k8s.io/v1): the server of a group-version.

Upstream: staging/src/k8s.io/kube-aggregator/pkg/apis/apiregistration/validation/validation.go,
staging/src/k8s.io/kube-aggregator/pkg/apis/apiregistration/{helpers.go,v1/defaults.go},
staging/src/k8s.io/kube-aggregator/pkg/registry/apiservice/{strategy,storage}.go
"""

from base64 import b64decode
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.names import dns_1035_label, dns_subdomain, path_segment, port_number
from rootspan_apiserver.kube.status import FieldError
from rootspan_apiserver.kube.times import timestamp
from rootspan_apiserver.resources.cells import condition
from rootspan_apiserver.resources.columns import AGE, NAME, Column, at
from rootspan_apiserver.resources.defaults import default_values
from rootspan_apiserver.resources.definition import Definition
from rootspan_apiserver.resources.hooks import WriteContext
from rootspan_apiserver.resources.subresource_definition import METADATA_OF_STATUS, status_subresource
from rootspan_apiserver.rules import (
    Path,
    RuleContext,
    absent_as,
    between,
    each,
    function,
    named,
    one_of,
    required,
    struct,
)


@function("ValidateAPIService")
def _name(obj: JSONObject, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """The name is made of the version and the group."""
    spec = obj["spec"]
    wanted = f"{spec.get('version') or ''}.{spec.get('group') or ''}"
    for key in ("generateName", "name"):
        found = obj["metadata"].get(key)
        if found and found != wanted and not path_segment(found):
            yield FieldError.invalid(
                path / "metadata" / key, found, f'must be `spec.version+"."+spec.group`: "{wanted}"'
            )


@function("ValidateAPIService")
def _group(spec: JSONObject, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """The group is a subdomain; the legacy group, which has no name, has one version."""
    if group := spec.get("group"):
        yield from (FieldError.invalid(path / "group", group, reason) for reason in dns_subdomain(group))
    elif spec.get("version") != "v1":
        yield FieldError.required(path / "group", "only v1 may have an empty group and it better be legacy kube")


@function("ValidateAPIService")
def _trust(spec: JSONObject, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """A local service verifies no certificates, and others verify them with the bundle or not at all."""
    bundle, insecure = spec.get("caBundle"), spec.get("insecureSkipTLSVerify")
    if spec.get("service") is not None:
        if insecure and bundle:
            yield FieldError.invalid(path / "insecureSkipTLSVerify", True, "may not be true if caBundle is present")
        return
    if bundle:
        size = f"{len(b64decode(bundle))} bytes"
        yield FieldError.invalid(path / "caBundle", size, "local APIServices may not have a caBundle")
    if insecure:
        words = "local APIServices may not have insecureSkipTLSVerify"
        yield FieldError.invalid(path / "insecureSkipTLSVerify", True, words)


@function("ValidateAPIService")
def _port(port: int, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """A port number."""
    if reasons := port_number(port):
        yield FieldError.invalid(path, port, f"port is not valid: {', '.join(reasons)}")


SPEC = (
    _group
    & struct(
        version=absent_as("", named(dns_1035_label)),
        groupPriorityMinimum=absent_as(0, between(1, 20000, words="must be positive and less than 20000")),
        versionPriority=absent_as(0, between(1, 1000, words="must be positive and less than 1000")),
        service=struct(namespace=required, name=required, port=_port),
    )
    & _trust
)
STATUS = struct(conditions=each(struct(status=absent_as("", one_of("True", "False", "Unknown")))))


def _available(obj: JSONObject, context: WriteContext) -> None:
    """Call a service of this server available at once."""
    if obj["spec"].get("service") is None:
        obj["status"] = {
            "conditions": [
                {
                    "type": "Available",
                    "status": "True",
                    "lastTransitionTime": timestamp(),
                    "reason": "Local",
                    "message": "Local APIServices are always available",
                }
            ]
        }


def _service(obj: JSONObject, now: datetime) -> str:
    service = at(obj, "spec", "service")
    return f"{service.get('namespace', '')}/{service.get('name', '')}" if service else "Local"


def _availability(obj: JSONObject, now: datetime) -> str:
    available = condition(obj, "Available")
    shown = str(available.get("status", "Unknown"))
    return f"{shown} ({available['reason']})" if shown != "True" and available.get("reason") else shown


definition = Definition(
    "apiregistration.k8s.io/v1",
    "APIService",
    "apiservices",
    namespaced=False,
    categories=("api-extensions",),
    stored_as_json=True,
    storage_path="/apiregistration.k8s.io/apiservices",
    subresources=(status_subresource(STATUS, has_table=False, keeps_metadata=METADATA_OF_STATUS),),
    update_needs_resource_version=True,
    defaults=(default_values({"spec": {"service": {"port": 443}}}),),
    prepare_create=_available,
    name_rule=path_segment,
    standard_finalizers=False,
    rules=_name & struct(spec=SPEC),
    columns=(
        NAME,
        Column("Service", _service, description="The service that serves the version, or Local."),
        Column("Available", _availability, description="Whether the version is served."),
        AGE,
    ),
)
