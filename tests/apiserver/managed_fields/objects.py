"""Objects with managed fields, and what they show of their managers."""

from typing import Any

THEN, NOW = "2026-11-23T04:00:00Z", "2026-11-23T05:00:00Z"


def config_map(data: dict[str, str], **metadata: Any) -> dict[str, Any]:
    """A config map named c."""
    return {"kind": "ConfigMap", "apiVersion": "v1", "metadata": {"name": "c", **metadata}, "data": data}


def managed(obj: dict[str, Any]) -> list[dict[str, Any]]:
    """Its managedFields."""
    found: list[dict[str, Any]] = obj["metadata"].get("managedFields", [])
    return found


def owners(obj: dict[str, Any]) -> dict[str, Any]:
    """The fields of each manager and operation."""
    return {f"{entry['manager']}/{entry['operation']}": entry["fieldsV1"] for entry in managed(obj)}
