"""What policies and their bindings match: rows for a field that holds it."""

from tests.apiserver.resources.kind_checks import Changes

RULE = {"operations": ["CREATE"], "apiGroups": ["apps"], "apiVersions": ["v1"], "resources": ["deployments"]}
LABEL = (
    "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an "
    "alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')"
)
SUBDOMAIN = (
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an "
    "alphanumeric character (e.g. 'example.com', regex used for validation is "
    r"'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"
)
NAME = (
    "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character "
    "(e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')"
)
VALUE = (
    "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an "
    "alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is "
    "'(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')"
)
SELECTOR = {
    "matchLabels": {"a": "!"},
    "matchExpressions": [{"key": "!", "operator": "Is"}, {"key": "a", "operator": "In", "values": ["!"]}],
}


def selector_errors(path: str) -> list[str]:
    """Return why `SELECTOR` at a path is refused."""
    return [
        f'{path}.matchLabels: Invalid value: "!": {VALUE}',
        f'{path}.matchExpressions[0].operator: Invalid value: "Is": not a valid selector operator',
        f'{path}.matchExpressions[0].key: Invalid value: "!": {NAME}',
        f'{path}.matchExpressions[1].values[0]: Invalid value: "!": {VALUE}',
    ]


BAD_RULE = {"operations": ["MAKE"], "apiVersions": [""], "resourceNames": ["a", "a", "%"], "scope": "Galaxy"}


def rule_errors(path: str) -> list[str]:
    """Return why `BAD_RULE` at a path is refused."""
    return [
        f"{path}.resourceNames[2]: Invalid value: \"%\": may not contain '%'",
        f'{path}.resourceNames[1]: Duplicate value: "a"',
        f'{path}.operations[0]: Unsupported value: "MAKE": supported values: "*", "CONNECT", "CREATE", "DELETE", "UPDATE"',
        f"{path}.apiGroups: Required value",
        f"{path}.apiVersions[0]: Required value",
        f"{path}.resources: Required value",
        f'{path}.scope: Unsupported value: "Galaxy": supported values: "*", "Cluster", "Namespaced"',
    ]


def match_rows(path: str) -> list[tuple[Changes, list[str]]]:
    """Return rows for the match resources at a path, with the errors of each."""
    return [
        ({f"{path}.resourceRules.0": RULE}, []),
        (
            {f"{path}.matchPolicy": "Near"},
            [f'{path}.matchPolicy: Unsupported value: "Near": supported values: "Equivalent", "Exact"'],
        ),
        ({f"{path}.namespaceSelector": SELECTOR}, selector_errors(f"{path}.namespaceSelector")),
        ({f"{path}.objectSelector": SELECTOR}, selector_errors(f"{path}.objectSelector")),
        ({f"{path}.resourceRules.0": BAD_RULE}, rule_errors(f"{path}.resourceRules[0]")),
        ({f"{path}.excludeResourceRules.0": BAD_RULE}, rule_errors(f"{path}.excludeResourceRules[0]")),
    ]
