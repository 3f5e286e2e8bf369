"""Objects and rows that the tests of workloads share."""

from rootspan_apiserver.kube.meta import JSONObject

CONTAINER: JSONObject = {"name": "c", "image": "nginx:1"}
TEMPLATE: JSONObject = {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [CONTAINER]}}
SELECTOR: JSONObject = {"matchLabels": {"app": "web"}}
NO_MATCH = "`selector` does not match template `labels`"
POD = "spec.template.spec"


def without_pods(paths: list[str], template: str = "spec.template") -> list[str]:
    """The paths of rules without those for the parts of a pod's spec, which have tests of their own."""
    own = (f"{template}.spec.restartPolicy", f"{template}.spec.activeDeadlineSeconds")
    return [path for path in paths if not path.startswith(template) or path in own]
