"""The kinds of a plugin's configuration: which versions there are, and the Go type that reads it, from `configuration_types.txt`.

That file has the form of the table of the API's types. Every document is decoded strictly: an unknown or repeated field is an error.

Upstream: the config.go of each plugin below plugin/pkg/admission and staging/src/k8s.io/apiserver/pkg/admission/plugin
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any

from rootspan_apiserver.codec import json_body
from rootspan_apiserver.kube.go_quote import quote
from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.types.problems import NotDecodableError, Problems, strict_error
from rootspan_apiserver.types.tables import TypeTable


@dataclass(frozen=True, slots=True)
class ConfigurationKind:
    """A document's kind.

    Attributes:
        struct: The name of its Go type.
        kinds: Each apiVersion and kind that is read as this type; none where the document names neither.
        types: The table with the Go type, None for that of the plugins.
    """

    struct: str
    kinds: tuple[tuple[str, str], ...] = ()
    types: Callable[[], TypeTable] | None = None

    def read(self, value: Any, found: list[str]) -> JSONObject:
        """Return a document as its type reads it. `found` are the strict decoding errors of its text.

        Raises:
            NotDecodableError: it is of another kind, or does not fit the type.
        """
        if not isinstance(value, dict):
            raise NotDecodableError("couldn't get version/kind; json parse error: the document is not an object")
        json_body.check_type_meta(value)
        if self.kinds:
            self._check_kind(value)
            value = {key: item for key, item in value.items() if key not in ("apiVersion", "kind")}
        problems = Problems(list(found))
        out = (self.types or _types)().struct(self.struct).read_object(value, problems)
        if problems.found:
            raise NotDecodableError(strict_error(problems.found))
        return out

    def _check_kind(self, value: JSONObject) -> None:
        version, kind = value.get("apiVersion") or "", value.get("kind") or ""
        if (version, kind) in self.kinds:
            return
        for text, name in ((kind, "Kind"), (version, "apiVersion")):
            if not text:
                raise NotDecodableError(f"Object '{name}' is missing: must be {self._choices()}")
        raise NotDecodableError(
            f"no kind {quote(kind)} is registered for version {quote(version)}: must be {self._choices()}"
        )

    def _choices(self) -> str:
        return " or ".join(f"{kind} of {version}" for version, kind in self.kinds)


def _versions(kind: str, group: str, *versions: str) -> tuple[tuple[str, str], ...]:
    return tuple((f"{group}/{version}", kind) for version in versions)


ADMISSION_CONFIGURATION = ConfigurationKind(
    "apiserver/v1.AdmissionConfiguration",
    _versions("AdmissionConfiguration", "apiserver.config.k8s.io", "v1")
    + _versions("AdmissionConfiguration", "apiserver.k8s.io", "v1alpha1"),
)
PLUGIN_CONFIGURATIONS: Mapping[str, ConfigurationKind] = MappingProxyType(
    {
        "EventRateLimit": ConfigurationKind(
            "eventratelimit/v1alpha1.Configuration",
            _versions("Configuration", "eventratelimit.admission.k8s.io", "v1alpha1"),
        ),
        "PodNodeSelector": ConfigurationKind("podnodeselector.pluginConfig"),
        "PodSecurity": ConfigurationKind(
            "podsecurity/v1.PodSecurityConfiguration",
            _versions("PodSecurityConfiguration", "pod-security.admission.config.k8s.io", "v1", "v1beta1", "v1alpha1"),
        ),
        "PodTolerationRestriction": ConfigurationKind(
            "podtolerationrestriction/v1alpha1.Configuration",
            _versions("Configuration", "podtolerationrestriction.admission.k8s.io", "v1alpha1"),
        ),
        "ResourceQuota": ConfigurationKind(
            "resourcequota/v1.Configuration",
            _versions("ResourceQuotaConfiguration", "apiserver.config.k8s.io", "v1")
            + _versions("Configuration", "resourcequota.admission.k8s.io", "v1beta1", "v1alpha1"),
        ),
    }
)
"""By the plugin's name."""


@cache
def _types() -> TypeTable:
    return TypeTable(files(__package__).joinpath("configuration_types.txt").read_text(encoding="utf-8"))
