"""Defaults as data: a tree of the shape of the object, with values where fields are absent."""

from copy import deepcopy
from typing import Any

from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.resources.hooks import Default


def default_values(tree: JSONObject) -> Default:
    """Return a function that fills in what an object lacks.

    A value of the tree is set where the field is absent, a list also where it is empty. An object of the tree that is not empty goes
    into the object's own, where that is present; a list of one object goes into each element of the object's list.

        default_values({"spec": {"type": "ClusterIP", "ports": [{"protocol": "TCP"}]}})
    """

    def fill(obj: JSONObject) -> None:
        _fill(obj, tree)

    return fill


def _fill(obj: JSONObject, tree: JSONObject) -> None:
    for key, wanted in tree.items():
        present = obj.get(key)
        if isinstance(wanted, dict) and wanted:
            if isinstance(present, dict):
                _fill(present, wanted)
        elif _is_pattern(wanted):
            for item in present or []:
                _fill(item, wanted[0])
        elif present is None or (present == [] and isinstance(wanted, list)):
            obj[key] = deepcopy(wanted)


def _is_pattern(wanted: Any) -> bool:
    return isinstance(wanted, list) and len(wanted) == 1 and isinstance(wanted[0], dict)
