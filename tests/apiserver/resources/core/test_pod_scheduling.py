"""Pod: where and when a pod runs."""

import pytest

from tests.apiserver.resources.core.pod_objects import LABEL, POD, PREFERRED, QUALIFIED, REQUIRED, SUBDOMAIN, VALUE
from tests.apiserver.resources.kind_checks import Changes

ROWS: list[tuple[Changes, list[str]]] = [
    ({'spec.nodeSelector': {'a': 'b'}}, []),
    ({'spec.nodeSelector': {'a!': 'b'}}, [
        'spec.nodeSelector: Invalid value: "a!": ' + QUALIFIED,
    ]),
    ({'spec.affinity': {'nodeAffinity': {REQUIRED: {'nodeSelectorTerms': []}}}}, [
        f'spec.affinity.nodeAffinity.{REQUIRED}.nodeSelectorTerms: Required value: must have at least one node selector term',
    ]),
    ({'spec.affinity': {'nodeAffinity': {REQUIRED: {'nodeSelectorTerms': [{'matchExpressions': [{'key': 'a', 'operator': 'In', 'values': ['b']}, {'key': 'b', 'operator': 'Gt', 'values': ['1']}], 'matchFields': [{'key': 'metadata.name', 'operator': 'In', 'values': ['n']}]}]}}}}, []),
    ({'spec.affinity': {'nodeAffinity': {REQUIRED: {'nodeSelectorTerms': [{'matchExpressions': [{'key': '!', 'operator': 'In', 'values': ['!']}, {'key': 'a', 'operator': 'Gt'}, {'key': 'a', 'operator': 'Is'}], 'matchFields': [{'key': 'a', 'operator': 'Gt'}, {'key': 'metadata.name', 'operator': 'In'}, {'key': 'metadata.name', 'operator': 'In', 'values': ['N_']}]}]}}}}, [
        f'spec.affinity.nodeAffinity.{REQUIRED}.nodeSelectorTerms[0].matchExpressions[0].key: Invalid value: "!": ' + QUALIFIED,
        f'spec.affinity.nodeAffinity.{REQUIRED}.nodeSelectorTerms[0].matchExpressions[0].values[0]: Invalid value: "!": ' + VALUE,
        f"spec.affinity.nodeAffinity.{REQUIRED}.nodeSelectorTerms[0].matchExpressions[1].values: Required value: must be specified single value when `operator` is 'Lt' or 'Gt'",
        f'spec.affinity.nodeAffinity.{REQUIRED}.nodeSelectorTerms[0].matchExpressions[2].operator: Invalid value: "Is": not a valid selector operator',
        f'spec.affinity.nodeAffinity.{REQUIRED}.nodeSelectorTerms[0].matchFields[0].operator: Invalid value: "Gt": not a valid selector operator',
        f'spec.affinity.nodeAffinity.{REQUIRED}.nodeSelectorTerms[0].matchFields[0].key: Invalid value: "a": not a valid field selector key',
        f"spec.affinity.nodeAffinity.{REQUIRED}.nodeSelectorTerms[0].matchFields[1].values: Required value: must be only one value when `operator` is 'In' or 'NotIn' for node field selector",
        f'spec.affinity.nodeAffinity.{REQUIRED}.nodeSelectorTerms[0].matchFields[2].values[0]: Invalid value: "N_": ' + SUBDOMAIN,
    ]),
    ({'spec.affinity': {'nodeAffinity': {PREFERRED: [{'weight': 0, 'preference': {'matchExpressions': [{'key': '!', 'operator': 'In', 'values': ['!']}], 'matchFields': [{'key': 'a', 'operator': 'In', 'values': ['b']}]}}]}}}, [
        f'spec.affinity.nodeAffinity.{PREFERRED}[0].weight: Invalid value: 0: must be in the range 1-100',
        f'spec.affinity.nodeAffinity.{PREFERRED}[0].preference.matchExpressions[0].key: Invalid value: "!": ' + QUALIFIED,
        f'spec.affinity.nodeAffinity.{PREFERRED}[0].preference.matchFields[0].key: Invalid value: "a": not a valid field selector key',
    ]),
    ({'spec.affinity': {'podAffinity': {REQUIRED: [{'topologyKey': '', 'labelSelector': {'matchLabels': {'!': 'b'}}, 'namespaceSelector': {'matchExpressions': [{'key': 'a', 'operator': 'Is'}]}, 'namespaces': ['N_'], 'matchLabelKeys': ['a!'], 'mismatchLabelKeys': ['a!']}], PREFERRED: [{'weight': 101, 'podAffinityTerm': {'topologyKey': 'a', 'matchLabelKeys': ['a'], 'labelSelector': {'matchExpressions': [{'key': '!', 'operator': 'Exists'}]}, 'namespaceSelector': {'matchLabels': {'a': '!'}}}}, {'weight': 1}]}}}, [
        f'spec.affinity.podAffinity.{REQUIRED}[0].labelSelector.matchLabels: Invalid value: "!": ' + QUALIFIED,
        f'spec.affinity.podAffinity.{REQUIRED}[0].namespaceSelector.matchExpressions[0].operator: Invalid value: "Is": not a valid selector operator',
        f'spec.affinity.podAffinity.{REQUIRED}[0].namespace: Invalid value: "N_": ' + LABEL,
        f'spec.affinity.podAffinity.{REQUIRED}[0].matchLabelKeys[0]: Invalid value: "a!": ' + QUALIFIED,
        f'spec.affinity.podAffinity.{REQUIRED}[0].mismatchLabelKeys[0]: Invalid value: "a!": ' + QUALIFIED,
        f'spec.affinity.podAffinity.{REQUIRED}[0].matchLabelKeys[0]: Invalid value: "a!": exists in both matchLabelKeys and mismatchLabelKeys',
        f'spec.affinity.podAffinity.{REQUIRED}[0].topologyKey: Required value: can not be empty',
        f'spec.affinity.podAffinity.{REQUIRED}[0].topologyKey: Invalid value: "": name part must be non-empty',
        f'spec.affinity.podAffinity.{REQUIRED}[0].topologyKey: Invalid value: "": ' + QUALIFIED,
        f'spec.affinity.podAffinity.{PREFERRED}[0].weight: Invalid value: 101: must be in the range 1-100',
        f'spec.affinity.podAffinity.{PREFERRED}[0].podAffinityTerm.labelSelector.matchExpressions[0].key: Invalid value: "!": ' + QUALIFIED,
        f'spec.affinity.podAffinity.{PREFERRED}[0].podAffinityTerm.namespaceSelector.matchLabels: Invalid value: "!": ' + VALUE,
        f'spec.affinity.podAffinity.{PREFERRED}[1].podAffinityTerm.topologyKey: Required value: can not be empty',
        f'spec.affinity.podAffinity.{PREFERRED}[1].podAffinityTerm.topologyKey: Invalid value: "": name part must be non-empty',
        f'spec.affinity.podAffinity.{PREFERRED}[1].podAffinityTerm.topologyKey: Invalid value: "": ' + QUALIFIED,
    ]),
    ({'spec.affinity': {'podAntiAffinity': {REQUIRED: [{'topologyKey': '', 'labelSelector': {'matchLabels': {'!': 'b'}}, 'namespaceSelector': {'matchExpressions': [{'key': 'a', 'operator': 'Is'}]}, 'namespaces': ['N_'], 'matchLabelKeys': ['a!'], 'mismatchLabelKeys': ['a!']}], PREFERRED: [{'weight': 101, 'podAffinityTerm': {'topologyKey': 'a', 'matchLabelKeys': ['a'], 'labelSelector': {'matchExpressions': [{'key': '!', 'operator': 'Exists'}]}, 'namespaceSelector': {'matchLabels': {'a': '!'}}}}, {'weight': 1}]}}}, [
        f'spec.affinity.podAntiAffinity.{REQUIRED}[0].labelSelector.matchLabels: Invalid value: "!": ' + QUALIFIED,
        f'spec.affinity.podAntiAffinity.{REQUIRED}[0].namespaceSelector.matchExpressions[0].operator: Invalid value: "Is": not a valid selector operator',
        f'spec.affinity.podAntiAffinity.{REQUIRED}[0].namespace: Invalid value: "N_": ' + LABEL,
        f'spec.affinity.podAntiAffinity.{REQUIRED}[0].matchLabelKeys[0]: Invalid value: "a!": ' + QUALIFIED,
        f'spec.affinity.podAntiAffinity.{REQUIRED}[0].mismatchLabelKeys[0]: Invalid value: "a!": ' + QUALIFIED,
        f'spec.affinity.podAntiAffinity.{REQUIRED}[0].matchLabelKeys[0]: Invalid value: "a!": exists in both matchLabelKeys and mismatchLabelKeys',
        f'spec.affinity.podAntiAffinity.{REQUIRED}[0].topologyKey: Required value: can not be empty',
        f'spec.affinity.podAntiAffinity.{REQUIRED}[0].topologyKey: Invalid value: "": name part must be non-empty',
        f'spec.affinity.podAntiAffinity.{REQUIRED}[0].topologyKey: Invalid value: "": ' + QUALIFIED,
        f'spec.affinity.podAntiAffinity.{PREFERRED}[0].weight: Invalid value: 101: must be in the range 1-100',
        f'spec.affinity.podAntiAffinity.{PREFERRED}[0].podAffinityTerm.labelSelector.matchExpressions[0].key: Invalid value: "!": ' + QUALIFIED,
        f'spec.affinity.podAntiAffinity.{PREFERRED}[0].podAffinityTerm.namespaceSelector.matchLabels: Invalid value: "!": ' + VALUE,
        f'spec.affinity.podAntiAffinity.{PREFERRED}[1].podAffinityTerm.topologyKey: Required value: can not be empty',
        f'spec.affinity.podAntiAffinity.{PREFERRED}[1].podAffinityTerm.topologyKey: Invalid value: "": name part must be non-empty',
        f'spec.affinity.podAntiAffinity.{PREFERRED}[1].podAffinityTerm.topologyKey: Invalid value: "": ' + QUALIFIED,
    ]),
    ({'spec.affinity': {'podAffinity': {REQUIRED: [{'topologyKey': 'zone', 'labelSelector': {'matchLabels': {'a': 'b'}}, 'namespaces': ['n']}], PREFERRED: [{'weight': 100, 'podAffinityTerm': {'topologyKey': 'zone'}}]}}}, []),
    ({'spec.affinity': {'podAffinity': {PREFERRED: [{'weight': 1, 'podAffinityTerm': {'topologyKey': 'a', 'labelSelector': {'matchLabels': {'!': 'b'}}, 'namespaceSelector': {'matchExpressions': [{'key': 'a', 'operator': 'In', 'values': ['!']}]}, 'matchLabelKeys': ['a'], 'mismatchLabelKeys': ['a']}}], REQUIRED: [{'topologyKey': 'a', 'labelSelector': {'matchExpressions': [{'key': '!', 'operator': 'In', 'values': ['!']}]}, 'namespaceSelector': {'matchLabels': {'a': '!'}}}]}}}, [
        f'spec.affinity.podAffinity.{REQUIRED}[0].labelSelector.matchExpressions[0].key: Invalid value: "!": ' + QUALIFIED,
        f'spec.affinity.podAffinity.{REQUIRED}[0].labelSelector.matchExpressions[0].values[0]: Invalid value: "!": ' + VALUE,
        f'spec.affinity.podAffinity.{REQUIRED}[0].namespaceSelector.matchLabels: Invalid value: "!": ' + VALUE,
        f'spec.affinity.podAffinity.{PREFERRED}[0].podAffinityTerm.labelSelector.matchLabels: Invalid value: "!": ' + QUALIFIED,
        f'spec.affinity.podAffinity.{PREFERRED}[0].podAffinityTerm.namespaceSelector.matchExpressions[0].values[0]: Invalid value: "!": ' + VALUE,
        f'spec.affinity.podAffinity.{PREFERRED}[0].podAffinityTerm.matchLabelKeys[0]: Invalid value: "a": exists in both matchLabelKeys and mismatchLabelKeys',
    ]),
    ({'spec.affinity': {'podAntiAffinity': {PREFERRED: [{'weight': 1, 'podAffinityTerm': {'topologyKey': 'a', 'labelSelector': {'matchLabels': {'!': 'b'}}, 'namespaceSelector': {'matchExpressions': [{'key': 'a', 'operator': 'In', 'values': ['!']}]}, 'matchLabelKeys': ['a'], 'mismatchLabelKeys': ['a']}}], REQUIRED: [{'topologyKey': 'a', 'labelSelector': {'matchExpressions': [{'key': '!', 'operator': 'In', 'values': ['!']}]}, 'namespaceSelector': {'matchLabels': {'a': '!'}}}]}}}, [
        f'spec.affinity.podAntiAffinity.{REQUIRED}[0].labelSelector.matchExpressions[0].key: Invalid value: "!": ' + QUALIFIED,
        f'spec.affinity.podAntiAffinity.{REQUIRED}[0].labelSelector.matchExpressions[0].values[0]: Invalid value: "!": ' + VALUE,
        f'spec.affinity.podAntiAffinity.{REQUIRED}[0].namespaceSelector.matchLabels: Invalid value: "!": ' + VALUE,
        f'spec.affinity.podAntiAffinity.{PREFERRED}[0].podAffinityTerm.labelSelector.matchLabels: Invalid value: "!": ' + QUALIFIED,
        f'spec.affinity.podAntiAffinity.{PREFERRED}[0].podAffinityTerm.namespaceSelector.matchExpressions[0].values[0]: Invalid value: "!": ' + VALUE,
        f'spec.affinity.podAntiAffinity.{PREFERRED}[0].podAffinityTerm.matchLabelKeys[0]: Invalid value: "a": exists in both matchLabelKeys and mismatchLabelKeys',
    ]),
    ({'spec.tolerations': [{'key': 'a', 'operator': 'Exists', 'effect': 'NoExecute', 'tolerationSeconds': 3}, {'operator': 'Exists'}]}, []),
    ({'spec.tolerations': [{'key': '!', 'operator': 'Is', 'effect': 'Sometimes'}, {'value': 'x'}, {'key': 'a', 'tolerationSeconds': 1}, {'key': 'a', 'operator': 'Exists', 'value': 'x'}, {'key': 'a', 'value': '!'}]}, [
        'spec.tolerations[0].key: Invalid value: "!": ' + QUALIFIED,
        'spec.tolerations[0].operator: Unsupported value: "Is": supported values: "Equal", "Exists"',
        'spec.tolerations[0].effect: Unsupported value: "Sometimes": supported values: "NoSchedule", "PreferNoSchedule", "NoExecute"',
        'spec.tolerations[1].operator: Invalid value: "": operator must be Exists when `key` is empty, which means "match all values and all keys"',
        'spec.tolerations[2].effect: Invalid value: "": effect must be \'NoExecute\' when `tolerationSeconds` is set',
        'spec.tolerations[3].operator: Invalid value: "x": value must be empty when `operator` is \'Exists\'',
        'spec.tolerations[4].operator: Invalid value: "!": ' + VALUE,
    ]),
    ({'spec.topologySpreadConstraints': [{'maxSkew': 1, 'topologyKey': 'zone', 'whenUnsatisfiable': 'DoNotSchedule', 'minDomains': 1, 'labelSelector': {}, 'matchLabelKeys': ['a'], 'nodeAffinityPolicy': 'Honor', 'nodeTaintsPolicy': 'Ignore'}]}, []),
    ({'spec.topologySpreadConstraints': [{'maxSkew': 0, 'whenUnsatisfiable': 'Maybe', 'minDomains': 0, 'nodeAffinityPolicy': 'No', 'nodeTaintsPolicy': 'No', 'matchLabelKeys': ['!'], 'labelSelector': {'matchLabels': {'!': ''}}}]}, [
        'spec.topologySpreadConstraints[0].maxSkew: Invalid value: 0: must be greater than zero',
        'spec.topologySpreadConstraints[0].topologyKey: Required value: can not be empty',
        'spec.topologySpreadConstraints[0].whenUnsatisfiable: Unsupported value: "Maybe": supported values: "DoNotSchedule", "ScheduleAnyway"',
        'spec.topologySpreadConstraints[0].minDomains: Invalid value: 0: must be greater than zero',
        'spec.topologySpreadConstraints[0].minDomains: Invalid value: 0: can only use minDomains if whenUnsatisfiable=DoNotSchedule, not Maybe',
        'spec.topologySpreadConstraints[0].nodeAffinityPolicy: Unsupported value: "No": supported values: "Honor", "Ignore"',
        'spec.topologySpreadConstraints[0].nodeTaintsPolicy: Unsupported value: "No": supported values: "Honor", "Ignore"',
        'spec.topologySpreadConstraints[0].matchLabelKeys[0]: Invalid value: "!": ' + QUALIFIED,
        'spec.topologySpreadConstraints[0].matchLabelKeys[0]: Invalid value: "!": exists in both matchLabelKeys and labelSelector',
        'spec.topologySpreadConstraints[0].labelSelector.matchLabels: Invalid value: "!": ' + QUALIFIED,
    ]),
    ({'spec.topologySpreadConstraints': [{'maxSkew': 1, 'topologyKey': 'a', 'whenUnsatisfiable': 'DoNotSchedule', 'matchLabelKeys': ['a']}, {'maxSkew': 1, 'topologyKey': 'a', 'whenUnsatisfiable': 'DoNotSchedule', 'matchLabelKeys': ['a'], 'labelSelector': {'matchLabels': {'a': 'b'}, 'matchExpressions': [{'key': 'a', 'operator': 'In', 'values': ['!']}]}}]}, [
        'spec.topologySpreadConstraints[0].{topologyKey, whenUnsatisfiable}: Duplicate value: "{a, DoNotSchedule}"',
        'spec.topologySpreadConstraints[0].matchLabelKeys: Forbidden: must not be specified when labelSelector is not set',
        'spec.topologySpreadConstraints[1].matchLabelKeys[0]: Invalid value: "a": exists in both matchLabelKeys and labelSelector',
        'spec.topologySpreadConstraints[1].labelSelector.matchExpressions[0].values[0]: Invalid value: "!": ' + VALUE,
    ]),
    ({'spec.schedulingGates': [{'name': 'a/b'}]}, []),
    ({'spec.schedulingGates': [{'name': '!'}, {'name': 'a'}, {'name': 'a'}]}, [
        'spec.schedulingGates[0]: Invalid value: "!": ' + QUALIFIED,
        'spec.schedulingGates[2]: Duplicate value: "a"',
    ]),
    ({'spec.schedulingGates': [{'name': 'a/b'}], 'spec.nodeName': 'n'}, [
        'spec.nodeName: Forbidden: cannot be set until all schedulingGates have been cleared',
    ]),
    ({'spec.readinessGates': [{'conditionType': 'a/b'}]}, []),
    ({'spec.readinessGates': [{'conditionType': '!'}]}, [
        'spec.readinessGates[0].conditionType: Invalid value: "!": ' + QUALIFIED,
    ]),
]  # fmt: skip


@pytest.mark.parametrize(("changes", "errors"), ROWS)
def test_scheduling_are_checked(changes: Changes, errors: list[str]) -> None:
    """Each rule refuses with upstream's words, in upstream's order; what is valid passes."""
    assert POD.refusals(changes) == errors
