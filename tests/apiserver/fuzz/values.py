"""Values as no client should send them, and some as clients do."""

from random import Random
from typing import Any

WORDS = (
    "In NotIn Exists DoesNotExist Gt Deny Allow Ignore Fail RollingUpdate Recreate OnDelete LoadBalancer ExternalName NodePort "
    "ReadWriteOnce ReadWriteMany Immediate WaitForFirstConsumer Block Filesystem Local Cluster IPv4 IPv6 FQDN UDP SCTP http HTTP HTTPS "
    "Retain Delete Recycle Prefix Exact Ingress Egress Resource Pods External Utilization AverageValue cpu memory pods storage "
    "requests.cpu Container Pod PersistentVolumeClaim OnFailure Never Indexed Forbid Replace create update CREATE */* ServiceAccount "
    "User Group NoSchedule NoExecute PreferNoSchedule RuntimeDefault Localhost Opaque kubernetes.io/tls Equal ScheduleAnyway "
    "DoNotSchedule OrderedReady Parallel PreferDualStack RequireDualStack SingleStack ClientIP Limited Exempt Queue"
)
TEXTS = (
    "",
    "a",
    "x-1",
    "example.com/a",
    "Always",
    "IfNotPresent",
    "ClusterIP",
    "None",
    "TCP",
    "10.0.0.1",
    "10.0.0.0/24",
    "::1",
    "50%",
    "²%",
    "-1",
    "5\n",
    "٣",
    "é" * 40,
    "中文\U0001f600",
    "\x00",
    "\x7f\x1b[31m",
    "a\tb",
    "../../x",
    "a/b/c",
    "..",
    "%2e%2e",
    "A" * 300,
    "0123456789" * 1000,
    "2026-11-23T04:26:44Z",
    "2026-11-23T04:26:44.999999999+14:00",
    "0000-00-00T00:00:00Z",
    "1e400",
    "1e30",
    "-0.0000000001n",
    "9" * 30,
    "1h",
    "\ufeff",
    "\u2028",
    "\ufffe",
    "$(VAR)",
    "{{",
    "^(a+)+$",
    "(",
    "YWJj",
    "YWJj=",
    "metadata.labels['a']",
    ".spec.a[0]",
    "true",
    "null",
    "*",
    *WORDS.split(),
)
KEYS = (
    "a",
    "b",
    "app",
    "example.com/a",
    "autoscaling.alpha.kubernetes.io/metrics",
    "autoscaling.alpha.kubernetes.io/current-metrics",
    "autoscaling.alpha.kubernetes.io/behavior",
    "autoscaling.alpha.kubernetes.io/conditions",
    "kubectl.kubernetes.io/last-applied-configuration",
    "deployment.kubernetes.io/revision",
    "kubernetes.io/service-account.name",
    "kubernetes.io/metadata.name",
    "apf.kubernetes.io/autoupdate-spec",
    "rbac.authorization.kubernetes.io/autoupdate",
    "service.kubernetes.io/headless",
    "storageclass.kubernetes.io/is-default-class",
    "cpu",
    "memory",
    "pods",
    "storage",
    "requests.cpu",
    "hugepages-2Mi",
    "example.com/gpu",
    "tls.crt",
)
JSON_TEXTS = (
    "null",
    "5",
    "[]",
    "[5]",
    "{}",
    '{"a":5}',
    '[{"type":"Resource","resource":{"name":"cpu"}}]',
    '{"scaleUp":{"policies":[]}}',
    "{",
)
FIELDS = (
    "f:spec",
    "f:metadata",
    "f:labels",
    "f:",
    ".",
    'k:{"name":"c"}',
    'k:{"a":{"b":[1]}}',
    "k:{}",
    "k:5",
    'v:"a"',
    "v:[1,{}]",
    "v:null",
    "v:1.5",
    "i:0",
    "i:-1",
    "i:99999999999999999999",
    "x",
    "",
)
NUMBERS = (
    0,
    1,
    -1,
    2,
    80,
    65536,
    2**31 - 1,
    2**31,
    -(2**31),
    2**53 + 1,
    2**63 - 1,
    -(2**63),
    0.5,
    1e22,
    1e300,
    -1e-300,
)
QUANTITIES = ("1", "100m", "1Gi", "1e400", "1e30", "-1", "0", "1.5", ".5", "5.", "1n", "0.1n", "9Ei", "1e-400", "x", "")
TIMES = ("2026-11-23T04:26:44Z", "2026-11-23T04:26:44.5+02:00", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "x", "")
NAMES = ("fuzz-a", "fuzz-b", "fuzz-c")
NAMESPACES = (*("fuzz",) * 8, "default", "kube-system")


def text(random: Random) -> str:
    return random.choice(TEXTS)


def anything(random: Random, depth: int = 0) -> Any:
    """A JSON value of any type, now and then deep."""
    kind = random.randrange(10)
    if kind < 3:
        return text(random)
    if kind < 5:
        return random.choice(NUMBERS)
    if kind < 7:
        return random.choice((None, True, False))
    if depth > 3 or random.random() < 0.3:
        return random.choice(([], {}, [[]], [None], {"": None}, [{}], {"a": {"a": {}}}))
    if kind == 7:
        return [anything(random, depth + 1) for _ in range(random.randrange(4))]
    if random.random() < 0.02:
        return deep(random)
    return {text(random): anything(random, depth + 1) for _ in range(random.randrange(4))}


def deep(random: Random) -> Any:
    """A value of nested arrays or objects: up to, at, and beyond what a body may have."""
    value: Any = text(random)
    for _ in range(random.choice((20, 100, 200, 245, 249, 251, 300, 600))):
        value = [value] if random.random() < 0.5 else {random.choice(("a", "properties", "items", "spec")): value}
    return value
