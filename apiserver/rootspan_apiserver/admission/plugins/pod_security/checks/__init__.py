"""The rules of the pod security standards: functions from a pod's metadata and spec to a `Violation`, or None where the pod is allowed.

The modules group them by subject; `evaluator.py` says which level and which versions each rule belongs to.

Upstream: staging/src/k8s.io/pod-security-admission/policy
"""
