"""The value of every flag, as `/flagz` shows it.

Upstream: staging/src/k8s.io/apiserver/pkg/server/flagz/flagreader.go
"""

import dataclasses
from collections.abc import Mapping
from typing import Any

from rootspan_apiserver.handlers.documents.zpages import ZPages
from rootspan_apiserver.kube.go_durations import format_duration
from rootspan_apiserver.kube.go_numbers import format_bool, format_float
from rootspan_apiserver.options.feature_gates import COMPONENT_FLAGZ, COMPONENT_STATUSZ
from rootspan_apiserver.options.flags import seconds
from rootspan_apiserver.options.kube_flags import kube_flags
from rootspan_apiserver.options.options import Options


def zpages(options: Options) -> ZPages:
    """Return what `/flagz` and `/statusz` show, as far as their features are enabled."""
    gates = options.gates()
    return ZPages(
        flags=shown_flags(options) if gates.enabled(COMPONENT_FLAGZ) else None,
        statusz=gates.enabled(COMPONENT_STATUSZ),
        emulated_version=options.emulated_version,
    )


def shown_flags(options: Options) -> Mapping[str, str]:
    """Return the values by flag, sorted: this server's own flags, and those of kube-apiserver that change nothing here."""
    own = {
        field.name.replace("_", "-"): _shown(getattr(options, field.name), field.metadata["parser"] is seconds)
        for field in dataclasses.fields(options)
        if "parser" in field.metadata
    }
    defaults = {name: flag.shown() for name, flag in kube_flags().items()}
    for name in own.keys() & kube_flags().keys():
        if kube_flags()[name].type == "map":
            own[name] = own[name][1:-1]  # maps are shown without brackets
    given = defaults | dict(options.idle) | own | {"help": "false", "version": "false"}
    return dict(sorted(given.items()))


def _shown(value: Any, is_duration: bool) -> str:
    match value:
        case bool():
            return format_bool(value)
        case tuple():
            return f"[{','.join(map(str, value))}]"
        case float() if is_duration:
            return format_duration(round(value * 1e9))
        case float():
            return format_float(value)
    return str(value)
