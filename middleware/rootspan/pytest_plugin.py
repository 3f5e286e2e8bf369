"""What pytest loads wherever Rootspan is installed: `kube_apiserver` is defined only where the extra `apiserver` is."""

try:
    import rootspan_apiserver  # noqa: F401 - looks for the packages of the extra, and imports none
except ModuleNotFoundError:
    __all__ = []
else:
    from rootspan_apiserver.pytest_plugin import kube_apiserver

    __all__ = ["kube_apiserver"]
