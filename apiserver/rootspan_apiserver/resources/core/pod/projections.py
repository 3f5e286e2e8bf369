"""Files that are made of objects: of config maps, secrets, and fields of the pod.

Upstream: pkg/apis/core/validation/validation.go (validateKeyToPath, validateDownwardAPIVolumeFile)
"""

from collections.abc import Iterator
from typing import Any

from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.status import FieldError
from rootspan_apiserver.resources.core.pod.downward import OF_FILES, field_reference, resource_reference
from rootspan_apiserver.rules import ABSENT, Path, RuleContext, absent_as, each, function, named, required, struct
from rootspan_apiserver.rules.file_paths import local_path

HIGHEST_MODE = 0o777
_FIELD, _RESOURCE = field_reference(OF_FILES), resource_reference(of_volume=True)


def _mode(value: int) -> list[str]:
    return [] if 0 <= value <= HIGHEST_MODE else ["must be a number between 0 and 0777 (octal), both inclusive"]


FILE_MODE = named(_mode)
"""The bits of a file's mode."""
FILE_PATH = struct(path=required) & struct(path=absent_as("", local_path))
KEY_TO_PATH = struct(key=required) & FILE_PATH & struct(mode=FILE_MODE)
SECRET = struct(secretName=required, defaultMode=FILE_MODE, items=each(KEY_TO_PATH))
CONFIG_MAP = struct(name=required, defaultMode=FILE_MODE, items=each(KEY_TO_PATH))


@function("validateDownwardAPIVolumeFile")
def _shown(value: JSONObject, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """A file shows one field, or one resource of a container."""
    field, resource = value.get("fieldRef"), value.get("resourceFieldRef")
    if field is not None:
        yield from _FIELD.check(field, ABSENT, path / "fieldRef", context)
        if resource is not None:
            words = "fieldRef and resourceFieldRef can not be specified simultaneously"
            yield FieldError.invalid(path, "resource", words)
    elif resource is not None:
        yield from _RESOURCE.check(resource, ABSENT, path / "resourceFieldRef", context)
    else:
        yield FieldError.required(path, "one of fieldRef and resourceFieldRef is required")


DOWNWARD_FILE = FILE_PATH & _shown & struct(mode=FILE_MODE)


@function("validateDownwardAPIVolumeSource")
def downward_files(value: JSONObject, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """Each file shows one field, or one resource of a container; the errors are at the volume, not at its items."""
    for file in value.get("items") or []:
        yield from DOWNWARD_FILE.check(file, ABSENT, path, context)


DOWNWARD_API = struct(defaultMode=FILE_MODE) & downward_files
