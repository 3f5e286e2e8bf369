"""The built-in definitions, found in the packages beside this module: a new kind is one new file.

A module of a group's package that assigns `definition` is a kind; the others hold what kinds share.
"""

import importlib
import pkgutil
from collections.abc import Iterator
from functools import cache
from importlib.util import find_spec

from rootspan_apiserver.resources.definition import Definition

GROUPS = (
    ("core", "v1"),
    ("apiregistration", "apiregistration.k8s.io/v1"),
    ("apps", "apps/v1"),
    ("core", "events.k8s.io/v1"),
    ("authentication", "authentication.k8s.io/v1"),
    ("authorization", "authorization.k8s.io/v1"),
    ("autoscaling", "autoscaling/v2"),
    ("autoscaling", "autoscaling/v1"),
    ("batch", "batch/v1"),
    ("certificates", "certificates.k8s.io/v1"),
    ("networking", "networking.k8s.io/v1"),
    ("policy", "policy/v1"),
    ("rbac", "rbac.authorization.k8s.io/v1"),
    ("storage", "storage.k8s.io/v1"),
    ("admissionregistration", "admissionregistration.k8s.io/v1"),
    ("apiextensions", "apiextensions.k8s.io/v1"),
    ("scheduling", "scheduling.k8s.io/v1"),
    ("coordination", "coordination.k8s.io/v1"),
    ("node", "node.k8s.io/v1"),
    ("discovery", "discovery.k8s.io/v1"),
    ("resource_k8s_io", "resource.k8s.io/v1"),
    ("flowcontrol", "flowcontrol.apiserver.k8s.io/v1"),
)
"""The packages and their group-versions, in the order of discovery: by the priorities of groups, and of versions in a group.

Upstream: pkg/controlplane/apiserver/aggregator.go (apiVersionPriorities)
"""


@cache
def definitions() -> tuple[Definition, ...]:
    """Return the definitions of all built-in kinds, in the order of their packages and names."""
    return tuple(found for package in dict.fromkeys(package for package, _ in GROUPS) for found in _in_package(package))


def _in_package(package: str) -> Iterator[Definition]:
    name = f"{__package__}.{package}"
    if find_spec(name) is None:  # None of its kinds has a definition yet.
        return
    for module in pkgutil.iter_modules(importlib.import_module(name).__path__):
        found = getattr(importlib.import_module(f"{name}.{module.name}"), "definition", None)
        if isinstance(found, Definition):
            yield found
