"""Admission policies: CEL expressions in objects of the API that refuse or change requests.

Upstream: staging/src/k8s.io/apiserver/pkg/admission/plugin/policy
"""
