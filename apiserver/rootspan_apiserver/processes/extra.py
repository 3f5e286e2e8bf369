"""Check that the packages of the extra `apiserver` are installed, without importing them."""

from importlib.util import find_spec

_PACKAGES = (
    "cryptography",
    "httptools",
    "httpx",
    "orjson",
    "prometheus_client",
    "pybase64",
    "re2",
    "sniffio",
    "starlette",
    "uvicorn",
)
HINT = "pip install 'rootspan[apiserver]'"


def missing() -> str | None:
    """Return the name of a package that is not installed, or None if all are."""
    return next((name for name in _PACKAGES if find_spec(name) is None), None)


def require() -> None:
    """Check that the extra is installed.

    Raises:
        ModuleNotFoundError: a package is missing; the message has the command that installs the extra.
    """
    name = missing()
    if name is not None:
        raise ModuleNotFoundError(f"the API server needs {name}, which is not installed: {HINT}", name=name)
