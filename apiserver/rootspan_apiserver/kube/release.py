"""The release of Kubernetes that the server is a simulation of, and its defaults."""

GIT_VERSION = "v1.36.2"
DEFAULT_SERVICE_RANGE = "10.0.0.0/24"
"""The default of `--service-cluster-ip-range`."""
