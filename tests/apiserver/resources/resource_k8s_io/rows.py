"""What the rules of resource.k8s.io refuse: places in the objects of `objects.py`, their new values, and the errors in upstream's words.

An expected error may be cut short.
"""

from typing import Any

from tests.apiserver.resources.resource_k8s_io.objects import COUNTERS, EXACTLY, REMOVE, SLICE, STATUS

LABEL = (
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-',"
    " and must start and end with an alphanumeric character"
)
SUBDOMAIN = LABEL.replace("label", "subdomain").replace(" or '-'", ", '-' or '.'")
IDENTIFIER = "a valid C identifier must start with alphabetic character or '_', followed by a string of alphanumeric characters or '_'"
NOT_A_REQUEST = "must be the name of a request in the claim or the name of a request and a subrequest separated by '/'"
EITHER = "exactly one of `exactly` or `firstAvailable` is required"
PER_DEVICE = "`perDeviceNodeSelection` is set to true in the ResourceSlice spec"
ONE_PLACE = "exactly one of `nodeName`, `nodeSelector`, `allNodes`, `perDeviceNodeSelection` is required"
RESULTS = "allocation/devices/results"
TERM = {"matchExpressions": [{"key": "zone", "operator": "In", "values": ["a"]}]}

CLAIM_ROWS: list[tuple[Any, ...]] = [
    ("requests", [], ["constraints[0].requests[0]", "constraints[0].requests[1]", "config[0].requests[0]"]),
    (
        "requests/0/name",
        "a.b",
        ['requests[0].name: Invalid value: "a.b": must not contain dots', "constraints[0].requests[0]"],
    ),
    ("requests/1/firstAvailable/1/name", "fast", ['requests[1].firstAvailable[1]: Duplicate value: "fast"']),
    ("requests/1/firstAvailable/1/name", "", [f'requests[1].firstAvailable[1].name: Invalid value: "": {LABEL}']),
    (
        "requests/1/name",
        "gpu",
        ['requests[1]: Duplicate value: "gpu"', "constraints[0].requests[1]", "config[0].requests[0]"],
    ),
    ("requests/0/exactly", REMOVE, [f"requests[0]: Required value: {EITHER}"]),
    ("requests/1/exactly", EXACTLY, [f"requests[1]: Invalid value: null: {EITHER}, but multiple fields are set"]),
    (
        "requests/1/firstAvailable",
        [{}] * 9,
        ["requests[1].firstAvailable: Too many: 9: must have at most 8 items", "constraints[0].requests[1]"],
    ),
    ("requests/0/exactly/deviceClassName", REMOVE, ["requests[0].exactly.deviceClassName: Required value"]),
    (
        "requests/0/exactly/deviceClassName",
        "A",
        [f'requests[0].exactly.deviceClassName: Invalid value: "A": {SUBDOMAIN}'],
    ),
    (
        "requests/0/exactly/selectors",
        [{}] * 33,
        ["requests[0].exactly.selectors: Too many: 33: must have at most 32 items"],
    ),
    ("requests/0/exactly/selectors/0/cel", REMOVE, ["requests[0].exactly.selectors[0].cel: Required value"]),
    (
        "requests/0/exactly/selectors/0/cel/expression",
        "a" * 10241,
        ["requests[0].exactly.selectors[0].cel.expression: Too long: may not be more than 10240 bytes"],
    ),
    (
        "requests/0/exactly/allocationMode",
        "Some",
        ['requests[0].exactly.allocationMode: Unsupported value: "Some": supported values: "All", "ExactCount"'],
    ),
    (
        "requests/0/exactly/allocationMode",
        "All",
        ["requests[0].exactly.count: Invalid value: 2: must not be specified when allocationMode is 'All'"],
    ),
    ("requests/0/exactly/count", -1, ["requests[0].exactly.count: Invalid value: -1: must be greater than zero"]),
    (
        "requests/0/exactly/tolerations/0/operator",
        "",
        ["requests[0].exactly.tolerations[0].operator: Required value"],
    ),
    (
        "requests/0/exactly/tolerations/0/operator",
        "Exists",
        ['requests[0].exactly.tolerations[0].value: Invalid value: "v": must be empty for operator `Exists`'],
    ),
    (
        "requests/0/exactly/tolerations/0/operator",
        "In",
        ['requests[0].exactly.tolerations[0].operator: Unsupported value: "In": supported values: "Equal", "Exists"'],
    ),
    (
        "requests/0/exactly/tolerations/0/effect",
        "Prefer",
        [
            'requests[0].exactly.tolerations[0].effect: Unsupported value: "Prefer": supported values: "NoExecute", "NoSchedule", "None"'
        ],
    ),
    (
        "constraints/0/requests/0",
        "gpu/big",
        [f'constraints[0].requests[0]: Invalid value: "gpu/big": {NOT_A_REQUEST}'],
    ),
    (
        "constraints/0/requests/0",
        "net/fast/x",
        [f'constraints[0].requests[0]: Invalid value: "net/fast/x": {NOT_A_REQUEST}'],
    ),
    ("constraints/0/requests/0", "net/fast", ['constraints[0].requests[1]: Duplicate value: "net/fast"']),
    (
        "constraints/0/matchAttribute",
        "numa",
        [
            'constraints[0].matchAttribute: Invalid value: "numa": a fully qualified name must be a domain and a name separated by a slash'
        ],
    ),
    (
        "constraints/0/matchAttribute",
        "/a-b",
        [
            'constraints[0].matchAttribute: Invalid value: "": the domain must not be empty',
            f'constraints[0].matchAttribute: Invalid value: "a-b": {IDENTIFIER}',
        ],
    ),
    (
        "constraints/0/matchAttribute",
        "a/",
        ['constraints[0].matchAttribute: Invalid value: "": the name must not be empty'],
    ),
    (
        "constraints/0/matchAttribute",
        f"a/{'b' * 33}",
        ["constraints[0].matchAttribute: Too long: may not be more than 32 bytes"],
    ),
    (
        "constraints/0/matchAttribute",
        REMOVE,
        [
            'constraints[0]: Required value: exactly one of "matchAttribute" or "distinctAttribute" is required, but multiple fields are set'
        ],
    ),
    ("config/0/opaque", REMOVE, ["config[0].opaque: Required value"]),
    ("config/0/opaque/driver", "", ["config[0].opaque.driver: Required value"]),
    ("config/0/opaque/driver", "a" * 64, ["config[0].opaque.driver: Too long: may not be more than 63 bytes"]),
    ("config/0/opaque/parameters", REMOVE, ["config[0].opaque.parameters: Required value"]),
    (
        "config/0/opaque/parameters",
        [],
        ['config[0].opaque.parameters: Invalid value: "<value omitted>": must be a valid JSON object'],
    ),
    (
        "config/0/opaque/parameters",
        {"a": "b" * 10240},
        ["config[0].opaque.parameters: Too long: may not be more than 10240 bytes"],
    ),
]

STATUS_ROWS: list[tuple[Any, ...]] = [
    ("reservedFor/1/uid", "1", ['reservedFor[1]: Duplicate value: "1"']),
    ("reservedFor/0/name", "", ["reservedFor[0].name: Required value"]),
    ("reservedFor/0/resource", REMOVE, ["reservedFor[0].resource: Required value"]),
    ("reservedFor/0/uid", "", ["reservedFor[0].uid: Required value"]),
    ("devices/0/driver", "", ["devices[0].driver: Required value", "devices[0]: Invalid value: "]),
    ("devices/0/device", "", [f'devices[0].device: Invalid value: "": {LABEL}', "devices[0]: Invalid value: "]),
    ("devices/0/shareID", "1", ["devices[0].shareID: Invalid value: ", "devices[0]: Invalid value: "]),
    (
        "devices/0/networkData/hardwareAddress",
        "a" * 129,
        ["devices[0].networkData.hardwareAddress: Too long: may not be more than 128 bytes"],
    ),
    ("reservedFor", [{}] * 257, ["reservedFor: Too many: 257: must have at most 256 items"]),
    (
        f"{RESULTS}/0/request",
        "net",
        [f'allocation.devices.results[0].request: Invalid value: "net": {NOT_A_REQUEST}'],
    ),
    (
        f"{RESULTS}/0/shareID",
        "1",
        [
            "devices[0]: Invalid value: ",
            'allocation.devices.results[0].shareID: Invalid value: "1": error validating uid: invalid UUID length: 1',
        ],
    ),
    (
        f"{RESULTS}/0/shareID",
        "x" * 36,
        ["devices[0]: Invalid value: ", "allocation.devices.results[0].shareID: Invalid value: "],
    ),
    (
        f"{RESULTS}/0/bindingConditions",
        REMOVE,
        [
            "allocation.devices.results[0].bindingConditions: Invalid value: null: bindingConditions are required to use bindingFailureConditions"
        ],
    ),
    (
        f"{RESULTS}/0/bindingConditions/0",
        "example.com/broken",
        [
            'allocation.devices.results[0].bindingFailureConditions[0]: Invalid value: "example.com/broken": bindingFailureConditions must not overlap with bindingConditions'
        ],
    ),
    ("allocation/devices/config/0/source", "", ["allocation.devices.config[0].source: Required value"]),
    (
        "allocation/devices/config/0/source",
        "X",
        ['allocation.devices.config[0].source: Unsupported value: "X": supported values: "FromClaim", "FromClass"'],
    ),
    (
        "allocation/nodeSelector",
        {},
        ["allocation.nodeSelector.nodeSelectorTerms: Required value: must have at least one node selector term"],
    ),
    (
        "devices/1",
        STATUS["devices"][0],
        ['devices[1]: Duplicate value: {"Driver":{},"Pool":{},"Device":{},"ShareID":{}}'],
    ),
    (
        "devices/0/pool",
        "rack/Two",
        [
            f'devices[0].pool: Invalid value: "Two": {SUBDOMAIN}',
            'devices[0]: Invalid value: {"Driver":{},"Pool":{},"Device":{},"ShareID":{}}: must be an allocated device in the claim',
        ],
    ),
    (
        "devices/0/conditions",
        [{"type": "A", "status": "True", "reason": "R"}],
        ["devices[0].conditions[0].lastTransitionTime: Required value"],
    ),
    ("devices/0/data", "text", ['devices[0].data: Invalid value: "<value omitted>": must be a valid JSON object']),
    (
        "devices/0/networkData/ips/0",
        "10.0.0.1",
        ['devices[0].networkData.ips[0]: Invalid value: "10.0.0.1": must be a valid address in CIDR form,'],
    ),
    (
        "devices/0/networkData/ips/1",
        "FE80::1/64",
        ['devices[0].networkData.ips[1]: Invalid value: "FE80::1/64": must be in canonical form ("fe80::1/64")'],
    ),
    ("devices/0/networkData/ips/1", "10.0.0.1/8", ['devices[0].networkData.ips[1]: Duplicate value: "10.0.0.1/8"']),
    (
        "devices/0/networkData/interfaceName",
        "e" * 257,
        ["devices[0].networkData.interfaceName: Too long: may not be more than 256 bytes"],
    ),
]

SLICE_ROWS: list[tuple[Any, ...]] = [
    ("driver", "", ["driver: Required value"]),
    ("driver", "A.example.com", []),
    (
        "pool",
        REMOVE,
        ["pool.name: Required value", "pool.resourceSliceCount: Invalid value: 0: must be greater than zero"],
    ),
    (
        "pool/name",
        "a" * 254,
        [
            "pool.name: Too long: may not be more than 253 bytes",
            f'pool.name: Invalid value: "{"a" * 254}": must be no more than 253 characters',
        ],
    ),
    ("pool/generation", -1, ["pool.generation: Invalid value: -1: must be greater than or equal to zero"]),
    ("nodeName", REMOVE, [f": Required value: {ONE_PLACE}"]),
    (
        "nodeName",
        "",
        [
            'nodeName: Invalid value: "": must be either unset or set to a non-empty string',
            f": Required value: {ONE_PLACE}",
        ],
    ),
    (
        "allNodes",
        True,
        [f': Invalid value: "{{`nodeName`, `allNodes`}}": {ONE_PLACE}, but multiple fields are set'],
    ),
    ("allNodes", False, ["allNodes: Invalid value: false: must be either unset or set to true"]),
    ("sharedCounters", [], [': Invalid value: "": only one of `sharedCounters` or `devices` is allowed']),
    ("devices/1", {"name": "gpu0"}, ['devices[1]: Duplicate value: "gpu0"']),
    (
        "devices",
        [{"name": f"d{index}"} for index in range(129)],
        ["devices: Too many: 129: must have at most 128 items"],
    ),
    (
        "devices",
        [{"name": f"d{index}", "taints": [{"key": "k", "effect": "None"}]} for index in range(65)],
        ["devices: Too many: 65: must have at most 64 items"],
    ),
    ("devices/0/name", "", [f'devices[0].name: Invalid value: "": {LABEL}']),
    (
        "devices/0/nodeName",
        "n",
        [f"devices[0]: Invalid value: null: `nodeName`, `nodeSelector` and `allNodes` can only be set if {PER_DEVICE}"],
    ),
    (
        "devices/0/attributes",
        {f"a{index}": {"int": 1} for index in range(32)},
        ["devices[0]: Invalid value: 33: the total number of attributes and capacities must not exceed 32"],
    ),
    ("devices/0/attributes/a-b", {"int": 1}, [f'devices[0].attributes[a-b]: Invalid value: "a-b": {IDENTIFIER}']),
    (
        "devices/0/attributes/model",
        {},
        ['devices[0].attributes[model]: Invalid value: "": exactly one value must be specified'],
    ),
    (
        "devices/0/attributes/model/int",
        1,
        [
            (
                'devices[0].attributes[model]: Invalid value: {"IntValue":1,"BoolValue":null,"StringValue":"x","VersionValue":null,'
                '"IntValues":null'
            )
        ],
    ),
    (
        "devices/0/attributes/model/string",
        "x" * 65,
        ["devices[0].attributes[model].string: Too long: may not be more than 64 bytes"],
    ),
    (
        "devices/0/attributes/v/version",
        "1.02.3",
        [
            'devices[0].attributes[v].version: Invalid value: "1.02.3": must be a string compatible with semver.org spec 2.0.0'
        ],
    ),
    (
        "devices/0/capacity/memory/requestPolicy",
        {},
        ["devices[0].capacity[memory].requestPolicy: Forbidden: allowMultipleAllocations must be true"],
    ),
    ("devices/0/taints/0/effect", "", ["devices[0].taints[0].effect: Required value"]),
    (
        "devices/0/taints/0/key",
        "",
        [
            'devices[0].taints[0].key: Invalid value: "": name part must be non-empty',
            'devices[0].taints[0].key: Invalid value: "": name part must',
        ],
    ),
    (
        "devices/0/taints",
        [{"key": f"k{index}", "effect": "None"} for index in range(17)],
        ["devices[0].taints: Too many: 17: must have at most 16 items"],
    ),
    (
        "devices/0/consumesCounters/1",
        SLICE["devices"][0]["consumesCounters"][0],
        ['devices[0].consumesCounters[1]: Duplicate value: "shared"'],
    ),
    ("devices/0/consumesCounters/0/counters", {}, ["devices[0].consumesCounters[0].counters: Required value"]),
    (
        "devices/0/consumesCounters/0/counterSet",
        "A",
        [f'devices[0].consumesCounters[0].counterSet: Invalid value: "A": {LABEL}'],
    ),
    (
        "devices/0/bindingConditions/1",
        "example.com/ready",
        ['devices[0].bindingConditions[1]: Duplicate value: "example.com/ready"'],
    ),
]

PLACE_ROWS: list[tuple[Any, ...]] = [
    ({"nodeName": "n"}, []),
    ({"allNodes": True}, []),
    ({"nodeSelector": {"nodeSelectorTerms": [TERM, TERM]}}, []),
    (
        {},
        [
            f"devices[0]: Required value: exactly one of `nodeName`, `nodeSelector`, or `allNodes` is required when {PER_DEVICE}"
        ],
    ),
    (
        {"nodeName": ""},
        ['devices[0].nodeName: Invalid value: "": must not be empty', "devices[0]: Required value: "],
    ),
    (
        {"nodeName": "n", "allNodes": True},
        ['devices[0]: Invalid value: "{`nodeName`, `allNodes`}": exactly one of '],
    ),
]

POLICY_ROWS: list[tuple[Any, ...]] = [
    ({"default": "2", "validValues": ["1", "2", "8"]}, []),
    ({"validValues": ["1"]}, ["default: Required value: required when validValues is defined"]),
    ({"validRange": {"min": "1"}}, ["default: Required value: required when validRange is defined"]),
    (
        {"validValues": ["1"], "validRange": {}},
        [
            ': Forbidden: exactly one policy can be specified, cannot specify "validValues" and "validRange" at the same time'
        ],
    ),
    (
        {"default": "3", "validValues": ["2", "1"]},
        [
            'validValues[1]: Invalid value: "1": values must be sorted in ascending order',
            'validValues: Invalid value: "3": default value is not valid according to the requestPolicy',
        ],
    ),
    (
        {"default": "9", "validValues": ["9"]},
        ['validValues[0]: Invalid value: "9": option is larger than capacity value: 8'],
    ),
    ({"default": "1", "validValues": ["1", "1"]}, ['validValues[1]: Duplicate value: "1"']),
    ({"default": "2", "validRange": {"min": "1", "max": "4", "step": "1"}}, []),
    ({"default": "1", "validRange": {}}, ["validRange.min: Required value: required when validRange is defined"]),
    (
        {"default": "1", "validRange": {"min": "2"}},
        ['validRange.min: Invalid value: "1": default is less than min: 2'],
    ),
    (
        {"default": "9", "validRange": {"min": "9"}},
        ['validRange.min: Invalid value: "9": min is larger than capacity value: 8'],
    ),
    (
        {"default": "5", "validRange": {"min": "1", "max": "4"}},
        ['validRange.max: Invalid value: "5": default is more than max: 4'],
    ),
    (
        {"default": "2", "validRange": {"min": "1", "max": "9"}},
        ['validRange.max: Invalid value: "9": max is larger than capacity value: 8'],
    ),
    (
        {"default": "2", "validRange": {"min": "2", "step": "7"}},
        ['validRange.step: Invalid value: "7": one step 9 is larger than capacity value: 8'],
    ),
    (
        {"default": "2", "validRange": {"min": "1", "step": "2"}},
        ['validRange.step: Invalid value: "2": value is not a multiple of a given step (2) from (1)'],
    ),
]

COUNTER_ROWS: list[tuple[Any, ...]] = [
    ("sharedCounters/0/name", "", ["sharedCounters[0].name: Required value"]),
    ("sharedCounters/0/counters", {}, ["sharedCounters[0].counters: Required value"]),
    ("sharedCounters/0/counters", {"A": {}}, [f'sharedCounters[0].counters[A]: Invalid value: "A": {LABEL}']),
    (
        "sharedCounters/0/counters",
        {f"c{index}": {} for index in range(33)},
        ["sharedCounters[0].counters: Too many: 33: must have at most 32 items"],
    ),
    ("sharedCounters/1", COUNTERS["sharedCounters"][0], ['sharedCounters[1]: Duplicate value: "shared"']),
    ("sharedCounters", [{}] * 9, ["sharedCounters: Too many: 9: must have at most 8 items"]),
]
