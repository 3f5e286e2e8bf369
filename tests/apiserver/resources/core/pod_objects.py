"""A valid pod, and the words that many of its rules have."""

from rootspan_apiserver.kube import names
from rootspan_apiserver.resources.core.pod import definition
from tests.apiserver.resources.kind_checks import KindCheck

REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"
PREFERRED = "preferredDuringSchedulingIgnoredDuringExecution"
QUALIFIED = names.qualified_name("!")[0]
SUBDOMAIN = names.dns_subdomain("A_")[0]
LABEL = names.dns_label("A_")[0]
VALUE = names.label_value("!")[0]
KEY = names.config_key("!")[0]
CONTAINER = {"name": "c", "image": "nginx"}
VOLUMES = [
    {"name": "data", "emptyDir": {}},
    {"name": "claim", "persistentVolumeClaim": {"claimName": "x"}},
    {"name": "image", "image": {"reference": "x"}},
]
POD = KindCheck(definition, {"spec": {"containers": [CONTAINER], "volumes": VOLUMES}})
