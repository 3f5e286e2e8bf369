"""Pod: probes and lifecycle handlers."""

import pytest

from tests.apiserver.resources.core.pod_objects import POD
from tests.apiserver.resources.kind_checks import Changes

ROWS: list[tuple[Changes, list[str]]] = [
    ({'spec.containers.0.lifecycle': {'preStop': {}}}, [
        'spec.containers[0].lifecycle.preStop: Required value: must specify a handler type',
    ]),
    ({'spec.containers.0.lifecycle': {'postStart': {'exec': {}}}}, [
        'spec.containers[0].lifecycle.postStart.exec.command: Required value',
    ]),
    ({'spec.containers.0.lifecycle': {'preStop': {'sleep': {'seconds': 31}}}}, [
        'spec.containers[0].lifecycle.preStop.sleep: Invalid value: 31: must be non-negative and less than terminationGracePeriodSeconds (30)',
    ]),
    ({'spec.containers.0.lifecycle': {'preStop': {'sleep': {'seconds': 30}}}}, []),
    ({'spec.containers.0.lifecycle': {'postStart': {'exec': {'command': ['x']}, 'httpGet': {'port': 80}, 'tcpSocket': {'port': 1}, 'sleep': {'seconds': 1}}}}, [
        'spec.containers[0].lifecycle.postStart.httpGet: Forbidden: may not specify more than 1 handler type',
        'spec.containers[0].lifecycle.postStart.tcpSocket: Forbidden: may not specify more than 1 handler type',
        'spec.containers[0].lifecycle.postStart.sleep: Forbidden: may not specify more than 1 handler type',
    ]),
    ({'spec.containers.0.lifecycle': {'postStart': {'httpGet': {'port': 80}}, 'preStop': {'tcpSocket': {'port': 1}}}}, []),
    ({'spec.containers.0.lifecycle': {'postStart': {'tcpSocket': {'port': 0}}}}, [
        'spec.containers[0].lifecycle.postStart.tcpSocket.port: Invalid value: 0: must be between 1 and 65535, inclusive',
    ]),
    ({'spec.containers.0.lifecycle': {'postStart': {'sleep': {'seconds': -1}}}}, [
        'spec.containers[0].lifecycle.postStart.sleep: Invalid value: -1: must be non-negative and less than terminationGracePeriodSeconds (30)',
    ]),
    ({'spec.containers.0.lifecycle': {'postStart': {'httpGet': {'port': 0}}}}, [
        'spec.containers[0].lifecycle.postStart.httpGet.port: Invalid value: 0: must be between 1 and 65535, inclusive',
    ]),
    ({'spec.containers.0.lifecycle': {'preStop': {'exec': {}}}}, [
        'spec.containers[0].lifecycle.preStop.exec.command: Required value',
    ]),
    ({'spec.containers.0.lifecycle': {'preStop': {'tcpSocket': {'port': 0}}}}, [
        'spec.containers[0].lifecycle.preStop.tcpSocket.port: Invalid value: 0: must be between 1 and 65535, inclusive',
    ]),
    ({'spec.containers.0.lifecycle': {'preStop': {'httpGet': {'port': 0, 'scheme': 'FTP', 'httpHeaders': [{'name': 'A b'}]}}}}, [
        'spec.containers[0].lifecycle.preStop.httpGet.port: Invalid value: 0: must be between 1 and 65535, inclusive',
        'spec.containers[0].lifecycle.preStop.httpGet.scheme: Unsupported value: "FTP": supported values: "HTTP", "HTTPS"',
        'spec.containers[0].lifecycle.preStop.httpGet.httpHeaders: Invalid value: "A b": a valid HTTP header must consist of alphanumeric characters or \'-\' (e.g. \'X-Header-Name\', regex used for validation is \'[-A-Za-z0-9]+\')',
    ]),
    ({'spec.containers.0.lifecycle': {'postStart': {'httpGet': {'port': 1, 'scheme': 'FTP', 'httpHeaders': [{'name': 'A b'}]}}}}, [
        'spec.containers[0].lifecycle.postStart.httpGet.scheme: Unsupported value: "FTP": supported values: "HTTP", "HTTPS"',
        'spec.containers[0].lifecycle.postStart.httpGet.httpHeaders: Invalid value: "A b": a valid HTTP header must consist of alphanumeric characters or \'-\' (e.g. \'X-Header-Name\', regex used for validation is \'[-A-Za-z0-9]+\')',
    ]),
    ({'spec.containers.0.livenessProbe': {'httpGet': {'port': 'Web', 'scheme': 'FTP', 'httpHeaders': [{'name': 'A b'}]}}}, [
        'spec.containers[0].livenessProbe.httpGet.port: Invalid value: "Web": must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)',
        'spec.containers[0].livenessProbe.httpGet.scheme: Unsupported value: "FTP": supported values: "HTTP", "HTTPS"',
        'spec.containers[0].livenessProbe.httpGet.httpHeaders: Invalid value: "A b": a valid HTTP header must consist of alphanumeric characters or \'-\' (e.g. \'X-Header-Name\', regex used for validation is \'[-A-Za-z0-9]+\')',
    ]),
    ({'spec.containers.0.readinessProbe': {'httpGet': {'port': 'Web', 'scheme': 'FTP', 'httpHeaders': [{'name': 'A b'}]}}}, [
        'spec.containers[0].readinessProbe.httpGet.port: Invalid value: "Web": must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)',
        'spec.containers[0].readinessProbe.httpGet.scheme: Unsupported value: "FTP": supported values: "HTTP", "HTTPS"',
        'spec.containers[0].readinessProbe.httpGet.httpHeaders: Invalid value: "A b": a valid HTTP header must consist of alphanumeric characters or \'-\' (e.g. \'X-Header-Name\', regex used for validation is \'[-A-Za-z0-9]+\')',
    ]),
    ({'spec.containers.0.startupProbe': {'httpGet': {'port': 'Web', 'scheme': 'FTP', 'httpHeaders': [{'name': 'A b'}]}}}, [
        'spec.containers[0].startupProbe.httpGet.port: Invalid value: "Web": must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)',
        'spec.containers[0].startupProbe.httpGet.scheme: Unsupported value: "FTP": supported values: "HTTP", "HTTPS"',
        'spec.containers[0].startupProbe.httpGet.httpHeaders: Invalid value: "A b": a valid HTTP header must consist of alphanumeric characters or \'-\' (e.g. \'X-Header-Name\', regex used for validation is \'[-A-Za-z0-9]+\')',
    ]),
    ({'spec.containers.0.livenessProbe': {'exec': {}}}, [
        'spec.containers[0].livenessProbe.exec.command: Required value',
    ]),
    ({'spec.containers.0.readinessProbe': {'exec': {}}}, [
        'spec.containers[0].readinessProbe.exec.command: Required value',
    ]),
    ({'spec.containers.0.startupProbe': {'exec': {}}}, [
        'spec.containers[0].startupProbe.exec.command: Required value',
    ]),
    ({'spec.containers.0.livenessProbe': {'tcpSocket': {'port': 0}}}, [
        'spec.containers[0].livenessProbe.tcpSocket.port: Invalid value: 0: must be between 1 and 65535, inclusive',
    ]),
    ({'spec.containers.0.readinessProbe': {'tcpSocket': {'port': 0}}}, [
        'spec.containers[0].readinessProbe.tcpSocket.port: Invalid value: 0: must be between 1 and 65535, inclusive',
    ]),
    ({'spec.containers.0.startupProbe': {'tcpSocket': {'port': 0}}}, [
        'spec.containers[0].startupProbe.tcpSocket.port: Invalid value: 0: must be between 1 and 65535, inclusive',
    ]),
    ({'spec.containers.0.livenessProbe': {'grpc': {'port': 0}}}, [
        'spec.containers[0].livenessProbe.grpc.port: Invalid value: 0: must be between 1 and 65535, inclusive',
    ]),
    ({'spec.containers.0.readinessProbe': {'grpc': {'port': 0}}}, [
        'spec.containers[0].readinessProbe.grpc.port: Invalid value: 0: must be between 1 and 65535, inclusive',
    ]),
    ({'spec.containers.0.startupProbe': {'grpc': {'port': 0}}}, [
        'spec.containers[0].startupProbe.grpc.port: Invalid value: 0: must be between 1 and 65535, inclusive',
    ]),
    ({'spec.containers.0.livenessProbe': {'grpc': {'port': 1}, 'initialDelaySeconds': -1, 'timeoutSeconds': -1, 'periodSeconds': -1, 'successThreshold': -1, 'failureThreshold': -1, 'terminationGracePeriodSeconds': 0}}, [
        'spec.containers[0].livenessProbe.initialDelaySeconds: Invalid value: -1: must be greater than or equal to 0',
        'spec.containers[0].livenessProbe.timeoutSeconds: Invalid value: -1: must be greater than or equal to 0',
        'spec.containers[0].livenessProbe.periodSeconds: Invalid value: -1: must be greater than or equal to 0',
        'spec.containers[0].livenessProbe.successThreshold: Invalid value: -1: must be greater than or equal to 0',
        'spec.containers[0].livenessProbe.failureThreshold: Invalid value: -1: must be greater than or equal to 0',
        'spec.containers[0].livenessProbe.terminationGracePeriodSeconds: Invalid value: 0: must be greater than 0',
        'spec.containers[0].livenessProbe.successThreshold: Invalid value: -1: must be 1',
    ]),
    ({'spec.containers.0.readinessProbe': {'grpc': {'port': 1}, 'initialDelaySeconds': -1, 'timeoutSeconds': -1, 'periodSeconds': -1, 'successThreshold': -1, 'failureThreshold': -1, 'terminationGracePeriodSeconds': 0}}, [
        'spec.containers[0].readinessProbe.initialDelaySeconds: Invalid value: -1: must be greater than or equal to 0',
        'spec.containers[0].readinessProbe.timeoutSeconds: Invalid value: -1: must be greater than or equal to 0',
        'spec.containers[0].readinessProbe.periodSeconds: Invalid value: -1: must be greater than or equal to 0',
        'spec.containers[0].readinessProbe.successThreshold: Invalid value: -1: must be greater than or equal to 0',
        'spec.containers[0].readinessProbe.failureThreshold: Invalid value: -1: must be greater than or equal to 0',
        'spec.containers[0].readinessProbe.terminationGracePeriodSeconds: Invalid value: 0: must be greater than 0',
        'spec.containers[0].readinessProbe.terminationGracePeriodSeconds: Invalid value: 0: must not be set for readinessProbes',
    ]),
    ({'spec.containers.0.startupProbe': {'grpc': {'port': 1}, 'initialDelaySeconds': -1, 'timeoutSeconds': -1, 'periodSeconds': -1, 'successThreshold': -1, 'failureThreshold': -1, 'terminationGracePeriodSeconds': 0}}, [
        'spec.containers[0].startupProbe.initialDelaySeconds: Invalid value: -1: must be greater than or equal to 0',
        'spec.containers[0].startupProbe.timeoutSeconds: Invalid value: -1: must be greater than or equal to 0',
        'spec.containers[0].startupProbe.periodSeconds: Invalid value: -1: must be greater than or equal to 0',
        'spec.containers[0].startupProbe.successThreshold: Invalid value: -1: must be greater than or equal to 0',
        'spec.containers[0].startupProbe.failureThreshold: Invalid value: -1: must be greater than or equal to 0',
        'spec.containers[0].startupProbe.terminationGracePeriodSeconds: Invalid value: 0: must be greater than 0',
        'spec.containers[0].startupProbe.successThreshold: Invalid value: -1: must be 1',
    ]),
    ({'spec.containers.0.livenessProbe': {'grpc': {'port': 1}, 'successThreshold': 2}}, [
        'spec.containers[0].livenessProbe.successThreshold: Invalid value: 2: must be 1',
    ]),
    ({'spec.containers.0.readinessProbe': {'grpc': {'port': 1}, 'successThreshold': 2}}, []),
]  # fmt: skip


@pytest.mark.parametrize(("changes", "errors"), ROWS)
def test_handlers_are_checked(changes: Changes, errors: list[str]) -> None:
    """Each rule refuses with upstream's words, in upstream's order; what is valid passes."""
    assert POD.refusals(changes) == errors
