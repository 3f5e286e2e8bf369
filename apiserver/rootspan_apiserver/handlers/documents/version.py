"""The document at `/version`: the release of Kubernetes that the server simulates.

Upstream: staging/src/k8s.io/apiserver/pkg/server/routes/version.go
"""

import platform
import sys

from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.release import GIT_COMMIT, GIT_VERSION, MAJOR, MINOR

_ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}

VERSION: JSONObject = {
    "major": MAJOR,
    "minor": MINOR,
    "emulationMajor": "1",
    "emulationMinor": "36",
    "minCompatibilityMajor": "1",
    "minCompatibilityMinor": "35",
    "gitVersion": GIT_VERSION,
    "gitCommit": GIT_COMMIT,
    "gitTreeState": "clean",
    "buildDate": "1970-01-01T00:00:00Z",
    "goVersion": f"python{platform.python_version()}",
    "compiler": sys.implementation.name,
    "platform": f"{sys.platform}/{_ARCHITECTURES.get(platform.machine(), platform.machine())}",
}
