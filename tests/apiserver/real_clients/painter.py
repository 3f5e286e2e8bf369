"""An operator for `kopf run`: it paints widgets and refuses large ones, by webhooks that it serves itself.

The environment says how: PAINTER_WEBHOOKS is the name of its webhook configurations, PAINTER_CERTIFICATES the directory
of ca.pem, cert.pem and key.pem.
"""

import os
from pathlib import Path
from typing import Any

import kopf

WIDGET: dict[str, Any] = {"group": "example.com", "version": "v1", "plural": "widgets"}


@kopf.on.startup()
def configure(settings: kopf.OperatorSettings, **_: Any) -> None:
    certificates = Path(os.environ["PAINTER_CERTIFICATES"])
    settings.admission.managed = os.environ["PAINTER_WEBHOOKS"]
    settings.admission.server = kopf.WebhookServer(
        addr="127.0.0.1",
        host="127.0.0.1",
        cafile=certificates / "ca.pem",
        certfile=certificates / "cert.pem",
        pkeyfile=certificates / "key.pem",
    )


@kopf.on.mutate(**WIDGET, operations=["CREATE"])
def paint(patch: kopf.Patch, **_: Any) -> None:
    patch.spec["colour"] = "blue"


@kopf.on.validate(**WIDGET, operations=["CREATE", "UPDATE"])
def fits(spec: kopf.Spec, **_: Any) -> None:
    if spec["size"] > 10:
        raise kopf.AdmissionError(f"a {spec['colour']} widget of {spec['size']} does not fit", code=422)
