"""Pod: as whom containers run, and on which system."""

import pytest

from tests.apiserver.resources.core.pod_objects import POD, SUBDOMAIN
from tests.apiserver.resources.kind_checks import Changes

ROWS: list[tuple[Changes, list[str]]] = [
    ({'spec.containers.0.securityContext': {'runAsUser': -1, 'runAsGroup': 2147483648, 'procMount': 'Half'}}, [
        'spec.containers[0].securityContext.runAsUser: Invalid value: -1: must be between 0 and 2147483647, inclusive',
        'spec.containers[0].securityContext.runAsGroup: Invalid value: 2147483648: must be between 0 and 2147483647, inclusive',
        'spec.containers[0].securityContext.procMount: Unsupported value: "Half": supported values: "Default", "Unmasked"',
    ]),
    ({'spec.containers.0.securityContext': {'procMount': 'Unmasked'}}, [
        'spec.containers[0].securityContext.procMount: Invalid value: "Unmasked": `hostUsers` must be false to use `Unmasked`',
    ]),
    ({'spec.containers.0.securityContext': {'procMount': 'Unmasked'}, 'spec.hostUsers': False}, []),
    ({'spec.containers.0.securityContext': {'seccompProfile': {}}}, [
        'spec.containers[0].securityContext.seccompProfile.type: Required value: type is required when seccompProfile is set',
    ]),
    ({'spec.containers.0.securityContext': {'seccompProfile': {'type': 'Localhost'}}}, [
        'spec.containers[0].securityContext.seccompProfile.localhostProfile: Required value: must be set when seccomp type is Localhost',
    ]),
    ({'spec.containers.0.securityContext': {'seccompProfile': {'type': 'Localhost', 'localhostProfile': '/a'}}}, [
        'spec.containers[0].securityContext.seccompProfile.localhostProfile: Invalid value: "/a": must be a relative path',
    ]),
    ({'spec.containers.0.securityContext': {'seccompProfile': {'type': 'Half', 'localhostProfile': 'a'}}}, [
        'spec.containers[0].securityContext.seccompProfile.type: Unsupported value: "Half": supported values: "Localhost", "RuntimeDefault", "Unconfined"',
        'spec.containers[0].securityContext.seccompProfile.localhostProfile: Invalid value: {"Type":"Half","LocalhostProfile":"a"}: can only be set when seccomp type is Localhost',
    ]),
    ({'spec.containers.0.securityContext': {'allowPrivilegeEscalation': False, 'privileged': True}}, [
        'spec.containers[0].securityContext: Invalid value: {"Capabilities":null,"Privileged":true,"SELinuxOptions":null,"WindowsOptions":null,"RunAsUser":null,"RunAsGroup":null,"RunAsNonRoot":null,"ReadOnlyRootFilesystem":null,"AllowPrivilegeEscalation":false,"ProcMount":null,"SeccompProfile":null,"AppArmorProfile":null}: cannot set `allowPrivilegeEscalation` to false and `privileged` to true',
    ]),
    ({'spec.containers.0.securityContext': {'allowPrivilegeEscalation': False, 'capabilities': {'add': ['CAP_SYS_ADMIN']}}}, [
        'spec.containers[0].securityContext: Invalid value: {"Capabilities":{"Add":["CAP_SYS_ADMIN"],"Drop":null},"Privileged":null,"SELinuxOptions":null,"WindowsOptions":null,"RunAsUser":null,"RunAsGroup":null,"RunAsNonRoot":null,"ReadOnlyRootFilesystem":null,"AllowPrivilegeEscalation":false,"ProcMount":null,"SeccompProfile":null,"AppArmorProfile":null}: cannot set `allowPrivilegeEscalation` to false and `capabilities.Add` CAP_SYS_ADMIN',
    ]),
    ({'spec.containers.0.securityContext': {'appArmorProfile': {}}}, [
        'spec.containers[0].securityContext.appArmorProfile.type: Required value: type is required when appArmorProfile is set',
    ]),
    ({'spec.containers.0.securityContext': {'appArmorProfile': {'type': 'Localhost', 'localhostProfile': ' a'}}}, [
        'spec.containers[0].securityContext.appArmorProfile.localhostProfile: Invalid value: " a": must not be padded with whitespace',
    ]),
    ({'spec.containers.0.securityContext': {'appArmorProfile': {'type': 'Localhost'}}}, [
        'spec.containers[0].securityContext.appArmorProfile.localhostProfile: Required value: must be set when AppArmor type is Localhost',
    ]),
    ({'spec.containers.0.securityContext': {'appArmorProfile': {'type': 'Half'}}}, [
        'spec.containers[0].securityContext.appArmorProfile.type: Unsupported value: "Half": supported values: "Localhost", "RuntimeDefault", "Unconfined"',
    ]),
    ({'spec.containers.0.securityContext': {'appArmorProfile': {'type': 'Unconfined', 'localhostProfile': 'a'}}}, [
        'spec.containers[0].securityContext.appArmorProfile.localhostProfile: Invalid value: "a": can only be set when AppArmor type is Localhost',
    ]),
    ({'spec.containers.0.securityContext': {'windowsOptions': {'gmsaCredentialSpecName': 'A_', 'gmsaCredentialSpec': '', 'runAsUserName': 'a\\b\\c'}}}, [
        'spec.containers[0].securityContext.windowsOptions.gmsaCredentialSpecName: Invalid value: "A_": ' + SUBDOMAIN,
        'spec.containers[0].securityContext.windowsOptions.gmsaCredentialSpec: Invalid value: "": gmsaCredentialSpec cannot be an empty string',
        'spec.containers[0].securityContext.windowsOptions.runAsUserName: Invalid value: "a\\\\b\\\\c": runAsUserName cannot contain more than one backslash',
    ]),
    ({'spec.containers.0.securityContext': {'windowsOptions': {'runAsUserName': '-x-\\'}}}, [
        'spec.containers[0].securityContext.windowsOptions.runAsUserName: Invalid value: "-x-\\\\": runAsUserName\'s User cannot be empty',
    ]),
    ({'spec.containers.0.securityContext': {'windowsOptions': {'runAsUserName': 'DOMAIN\\user'}}}, []),
    ({'spec.securityContext': {'fsGroup': -1, 'runAsUser': -1, 'runAsGroup': -1, 'supplementalGroups': [-1], 'fsGroupChangePolicy': 'Never', 'supplementalGroupsPolicy': 'None', 'seLinuxChangePolicy': 'None'}}, [
        'spec.securityContext.fsGroup: Invalid value: -1: must be between 0 and 2147483647, inclusive',
        'spec.securityContext.runAsUser: Invalid value: -1: must be between 0 and 2147483647, inclusive',
        'spec.securityContext.runAsGroup: Invalid value: -1: must be between 0 and 2147483647, inclusive',
        'spec.securityContext.supplementalGroups[0]: Invalid value: -1: must be between 0 and 2147483647, inclusive',
        'spec.securityContext.fsGroupChangePolicy: Unsupported value: "Never": supported values: "Always", "OnRootMismatch"',
        'spec.securityContext.supplementalGroupsPolicy: Unsupported value: "None": supported values: "Merge", "Strict"',
        'spec.securityContext.seLinuxChangePolicy: Unsupported value: "None": supported values: "Recursive"',
    ]),
    ({'spec.securityContext': {'fsGroup': 1, 'runAsUser': 1, 'runAsGroup': 1, 'supplementalGroups': [1], 'fsGroupChangePolicy': 'Always', 'supplementalGroupsPolicy': 'Merge', 'seLinuxChangePolicy': 'Recursive'}}, []),
    ({'spec.securityContext': {'sysctls': [{'name': 'kernel.shm_rmid_forced', 'value': '0'}, {'name': 'kernel.shm_rmid_forced', 'value': '1'}, {'name': ''}, {'name': 'A!'}]}}, [
        'spec.securityContext.sysctls[1].name: Duplicate value: "kernel.shm_rmid_forced"',
        'spec.securityContext.sysctls[2].name: Required value',
        'spec.securityContext.sysctls[3].name: Invalid value: "A!": must have at most 253 characters and match regex ^([a-z0-9]([-_a-z0-9]*[a-z0-9])?[\\./])*[a-z0-9]([-_a-z0-9]*[a-z0-9])?$',
    ]),
    ({'spec.securityContext': {'sysctls': [{'name': 'net.core.x', 'value': '0'}, {'name': 'kernel.msgmax', 'value': '0'}]}, 'spec.hostNetwork': True, 'spec.hostIPC': True}, [
        'spec.securityContext.sysctls[0].name: Invalid value: "net.core.x": may not be specified when \'hostNetwork\' is true',
        'spec.securityContext.sysctls[1].name: Invalid value: "kernel.msgmax": may not be specified when \'hostIPC\' is true',
    ]),
    ({'spec.shareProcessNamespace': True, 'spec.hostPID': True}, [
        'spec.securityContext.shareProcessNamespace: Invalid value: true: ShareProcessNamespace and HostPID cannot both be enabled',
    ]),
    ({'spec.securityContext': {'seccompProfile': {}, 'appArmorProfile': {}, 'windowsOptions': {'gmsaCredentialSpecName': 'A_', 'gmsaCredentialSpec': '', 'runAsUserName': '...'}}}, [
        'spec.securityContext.seccompProfile.type: Required value: type is required when seccompProfile is set',
        'spec.securityContext.windowsOptions.gmsaCredentialSpecName: Invalid value: "A_": ' + SUBDOMAIN,
        'spec.securityContext.windowsOptions.gmsaCredentialSpec: Invalid value: "": gmsaCredentialSpec cannot be an empty string',
        'spec.securityContext.windowsOptions.runAsUserName: Invalid value: "...": runAsUserName\'s User cannot contain only periods or spaces',
        'spec.securityContext.appArmorProfile.type: Required value: type is required when appArmorProfile is set',
    ]),
    ({'spec.hostUsers': False, 'spec.hostNetwork': True, 'spec.hostPID': True, 'spec.hostIPC': True}, [
        'spec.hostNetwork: Forbidden: when `hostUsers` is false',
        'spec.HostPID: Forbidden: when `hostUsers` is false',
        'spec.HostIPC: Forbidden: when `hostUsers` is false',
    ]),
    ({'spec.os': {'name': 'linux'}}, []),
    ({'spec.os': {'name': ''}}, [
        'spec.os.name: Required value',
    ]),
    ({'spec.os': {'name': 'beos'}}, [
        'spec.os: Unsupported value: "beos": supported values: "linux", "windows"',
    ]),
    ({'spec.os': {'name': 'linux'}, 'spec.securityContext': {'windowsOptions': {}}, 'spec.containers.0.securityContext': {'windowsOptions': {'runAsUserName': 'a'}}}, [
        'spec.securityContext.windowsOptions: Forbidden: windows options cannot be set for a linux pod',
        'spec.containers[0].securityContext.windowsOptions: Forbidden: windows options cannot be set for a linux pod',
    ]),
    ({'spec.os': {'name': 'windows'}, 'spec.securityContext': {'runAsUser': 1, 'fsGroup': 1}, 'spec.hostPID': True, 'spec.containers.0.securityContext': {'privileged': False}}, [
        'spec.hostPID: Forbidden: cannot be set for a windows pod',
        'spec.securityContext.fsGroup: Forbidden: cannot be set for a windows pod',
        'spec.securityContext.runAsUser: Forbidden: cannot be set for a windows pod',
        'spec.containers[0].securityContext.privileged: Forbidden: cannot be set for a windows pod',
    ]),
    ({'spec.containers.0.securityContext': {'windowsOptions': {'hostProcess': True}}, 'spec.containers.1': {'name': 'd', 'image': 'x'}}, [
        'spec: Invalid value: "": If pod contains any hostProcess containers then all containers must be HostProcess containers',
        'spec.hostNetwork: Invalid value: false: hostNetwork must be true if pod contains any hostProcess containers',
    ]),
    ({'spec.hostNetwork': True, 'spec.securityContext': {'windowsOptions': {'hostProcess': True}}}, []),
    ({'spec.securityContext': {'windowsOptions': {'hostProcess': False}}, 'spec.hostNetwork': True, 'spec.containers.0.securityContext': {'windowsOptions': {'hostProcess': True}}}, [
        'spec.containers[0].securityContext.windowsOptions.hostProcess: Invalid value: true: pod hostProcess value must be identical if both are specified, was false',
    ]),
]  # fmt: skip


@pytest.mark.parametrize(("changes", "errors"), ROWS)
def test_security_are_checked(changes: Changes, errors: list[str]) -> None:
    """Each rule refuses with upstream's words, in upstream's order; what is valid passes."""
    assert POD.refusals(changes) == errors
