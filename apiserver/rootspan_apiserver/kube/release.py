"""The release of Kubernetes that the server is a simulation of, and its defaults."""

MAJOR, MINOR = "1", "36"
GIT_VERSION = "v1.36.2"
GIT_COMMIT = "8e16b12fda5b1dccc41a6de48b3e356cc7d5048b"
DEFAULT_SERVICE_RANGE = "10.0.0.0/24"
"""The default of `--service-cluster-ip-range`."""
