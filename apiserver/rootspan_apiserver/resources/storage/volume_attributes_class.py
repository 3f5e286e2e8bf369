"""VolumeAttributesClass (storage.k8s.io): parameters of volumes that a driver can change while they are in use.

Upstream: pkg/apis/storage/validation/validation.go, pkg/registry/storage/volumeattributesclass/strategy.go,
pkg/printers/internalversion/printers.go
"""

from rootspan_apiserver.resources.columns import AGE, NAME, Column, value
from rootspan_apiserver.resources.definition import Definition
from rootspan_apiserver.resources.storage.drivers import driver, parameters
from rootspan_apiserver.rules import immutable, required, struct

definition = Definition(
    "storage.k8s.io/v1",
    "VolumeAttributesClass",
    "volumeattributesclasses",
    namespaced=False,
    short_names=("vac",),
    delete_returns_object=True,
    rules=struct(driverName=driver, parameters=parameters)
    & struct(parameters=required("must contain at least one key/value pair")),
    changes=struct(
        driverName=immutable("updates to driverName are forbidden.", forbid=True),
        parameters=immutable("updates to parameters are forbidden.", forbid=True),
    ),
    columns=(NAME, Column("DriverName", value("driverName"), description="The driver of the volumes."), AGE),
)
