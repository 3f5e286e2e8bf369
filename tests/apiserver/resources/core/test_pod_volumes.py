"""Pod: where what is in volumes comes from."""

import pytest

from tests.apiserver.resources.core.pod_objects import LABEL, POD, QUALIFIED, SUBDOMAIN, VALUE
from tests.apiserver.resources.kind_checks import Changes

DS = "d" * 63
ROWS: list[tuple[Changes, list[str]]] = [
    ({'spec.volumes': [{'name': 'v'}]}, []),
    ({'spec.volumes': [{'name': 'V_'}]}, [
        'spec.volumes[0].name: Invalid value: "V_": ' + LABEL,
    ]),
    ({'spec.volumes': [{'name': 'a'}, {'name': 'a'}, {'name': ''}]}, [
        'spec.volumes[1].name: Duplicate value: "a"',
        'spec.volumes[2].name: Required value',
    ]),
    ({'spec.volumes': [{'name': 'v', 'emptyDir': {'sizeLimit': '-1'}}]}, [
        'spec.volumes[0].emptyDir.sizeLimit: Forbidden: SizeLimit field must be a valid resource quantity',
    ]),
    ({'spec.volumes': [{'name': 'v', 'emptyDir': {}, 'hostPath': {'path': '/'}, 'downwardAPI': {}, 'cephfs': {'monitors': ['a']}}]}, [
        'spec.volumes[0].hostPath: Forbidden: may not specify more than 1 volume type',
        'spec.volumes[0].cephFS: Forbidden: may not specify more than 1 volume type',
        'spec.volumes[0].downwarAPI: Forbidden: may not specify more than 1 volume type',
    ]),
    ({'spec.volumes': [{'name': 'v', 'hostPath': {'path': '/a', 'type': 'File'}}]}, []),
    ({'spec.volumes': [{'name': 'v', 'hostPath': {'path': '/a/../b', 'type': 'Pipe'}}]}, [
        'spec.volumes[0].hostPath.path: Invalid value: "/a/../b": must not contain \'..\'',
        'spec.volumes[0].hostPath.type: Unsupported value: "Pipe": supported values: "", "BlockDevice", "CharDevice", "Directory", "DirectoryOrCreate", "File", "FileOrCreate", "Socket"',
    ]),
    ({'spec.volumes': [{'name': 'v', 'hostPath': {'path': ''}}]}, [
        'spec.volumes[0].hostPath.path: Required value',
    ]),
    ({'spec.volumes': [{'name': 'v', 'gitRepo': {'repository': '', 'directory': '/a'}}]}, [
        'spec.volumes[0].gitRepo.repository: Required value',
        'spec.volumes[0].gitRepo.directory: Invalid value: "/a": must be a relative path',
    ]),
    ({'spec.volumes': [{'name': 'v', 'gcePersistentDisk': {'pdName': '', 'partition': 256}}]}, [
        'spec.volumes[0].persistentDisk.pdName: Required value',
        'spec.volumes[0].persistentDisk.partition: Invalid value: 256: must be between 1 and 255, inclusive',
    ]),
    ({'spec.volumes': [{'name': 'v', 'awsElasticBlockStore': {'volumeID': '', 'partition': -1}}]}, [
        'spec.volumes[0].awsElasticBlockStore.volumeID: Required value',
        'spec.volumes[0].awsElasticBlockStore.partition: Invalid value: -1: must be between 1 and 255, inclusive',
    ]),
    ({'spec.volumes': [{'name': 'v', 'secret': {'defaultMode': 512, 'items': [{'key': '', 'path': ''}, {'key': 'a', 'path': '..b', 'mode': -1}]}}]}, [
        'spec.volumes[0].secret.secretName: Required value',
        'spec.volumes[0].secret.defaultMode: Invalid value: 512: must be a number between 0 and 0777 (octal), both inclusive',
        'spec.volumes[0].secret.items[0].key: Required value',
        'spec.volumes[0].secret.items[0].path: Required value',
        'spec.volumes[0].secret.items[1].path: Invalid value: "..b": must not start with \'..\'',
        'spec.volumes[0].secret.items[1].mode: Invalid value: -1: must be a number between 0 and 0777 (octal), both inclusive',
    ]),
    ({'spec.volumes': [{'name': 'v', 'secret': {'secretName': 's', 'items': [{'key': 'a', 'path': 'b/c', 'mode': 256}]}}]}, []),
    ({'spec.volumes': [{'name': 'v', 'nfs': {'server': '', 'path': 'a'}}]}, [
        'spec.volumes[0].nfs.server: Required value',
        'spec.volumes[0].nfs.path: Invalid value: "a": must be an absolute path',
    ]),
    ({'spec.volumes': [{'name': 'v', 'nfs': {'server': 's', 'path': '/a'}}]}, []),
    ({'spec.volumes': [{'name': 'v', 'iscsi': {'targetPortal': '', 'iqn': 'x', 'lun': 256, 'chapAuthDiscovery': True, 'initiatorName': 'iqn.x'}}]}, [
        'spec.volumes[0].iscsi.targetPortal: Required value',
        'spec.volumes[0].iscsi.iqn: Invalid value: "x": must be valid format starting with iqn, eui, or naa',
        'spec.volumes[0].iscsi.lun: Invalid value: 256: must be between 0 and 255, inclusive',
        'spec.volumes[0].iscsi.secretRef: Required value',
        'spec.volumes[0].iscsi.initiatorname: Invalid value: "iqn.x": must be valid format',
    ]),
    ({'spec.volumes': [{'name': 'v', 'iscsi': {'targetPortal': "p" * 70, 'iqn': 'iqn.2020-01.com.example:a', 'lun': 1, 'initiatorName': 'eui.0123456789abcdef'}}]}, [
        'spec.volumes[0].name: Invalid value: "v": Total length of <volume name>:<iscsi.targetPortal> must be under 64 characters if iscsi.initiatorName is specified.',
    ]),
    ({'spec.volumes': [{'name': 'v', 'iscsi': {'targetPortal': 'a', 'iqn': 'naa.1', 'lun': 0}}]}, [
        'spec.volumes[0].iscsi.iqn: Invalid value: "naa.1": must be valid format',
    ]),
    ({'spec.volumes': [{'name': 'v', 'iscsi': {'targetPortal': 'a', 'iqn': '', 'lun': 0}}]}, [
        'spec.volumes[0].iscsi.iqn: Required value',
    ]),
    ({'spec.volumes': [{'name': 'v', 'flocker': {'datasetName': 'd'}}]}, []),
    ({'spec.volumes': [{'name': 'v', 'flocker': {}}]}, ['spec.volumes[0].flocker: Required value: one of datasetName and datasetUUID is required']),
    ({'spec.volumes': [{'name': 'v', 'glusterfs': {'endpoints': '', 'path': ''}}]}, [
        'spec.volumes[0].glusterfs.endpoints: Required value',
        'spec.volumes[0].glusterfs.path: Required value',
    ]),
    ({'spec.volumes': [{'name': 'v', 'persistentVolumeClaim': {'claimName': ''}}]}, [
        'spec.volumes[0].persistentVolumeClaim.claimName: Required value',
    ]),
    ({'spec.volumes': [{'name': 'v', 'rbd': {'monitors': [], 'image': ''}}]}, [
        'spec.volumes[0].rbd.monitors: Required value',
        'spec.volumes[0].rbd.image: Required value',
    ]),
    ({'spec.volumes': [{'name': 'v', 'cinder': {'volumeID': '', 'secretRef': {}}}]}, [
        'spec.volumes[0].cinder.volumeID: Required value',
        'spec.volumes[0].cinder.secretRef.name: Required value',
    ]),
    ({'spec.volumes': [{'name': 'v', 'cephfs': {'monitors': []}}]}, [
        'spec.volumes[0].cephfs.monitors: Required value',
    ]),
    ({'spec.volumes': [{'name': 'v', 'quobyte': {'registry': '', 'volume': ''}}]}, [
        'spec.volumes[0].quobyte.registry: Required value: must be a host:port pair or multiple pairs separated by commas',
        'spec.volumes[0].quobyte.volume: Required value',
    ]),
    ({'spec.volumes': [{'name': 'v', 'quobyte': {'registry': 'a:1,b', 'volume': 'v'}}]}, [
        'spec.volumes[0].quobyte.registry: Invalid value: "a:1,b": must be a host:port pair or multiple pairs separated by commas',
    ]),
    ({'spec.volumes': [{'name': 'v', 'quobyte': {'registry': 'a:1', 'volume': 'v', 'tenant': "t" * 65}}]}, [
        'spec.volumes[0].quobyte.tenant: Required value: must be a UUID and may not exceed a length of 64 characters',
    ]),
    ({'spec.volumes': [{'name': 'v', 'downwardAPI': {'items': [{'path': '', 'mode': 512}, {'path': 'a', 'fieldRef': {'fieldPath': 'spec.nodeName'}, 'resourceFieldRef': {'resource': 'limits.cpu'}}, {'path': 'b', 'resourceFieldRef': {'resource': 'limits.cpu'}}], 'defaultMode': -1}}]}, [
        'spec.volumes[0].downwardAPI.defaultMode: Invalid value: -1: must be a number between 0 and 0777 (octal), both inclusive',
        'spec.volumes[0].downwardAPI.path: Required value',
        'spec.volumes[0].downwardAPI: Required value: one of fieldRef and resourceFieldRef is required',
        'spec.volumes[0].downwardAPI.mode: Invalid value: 512: must be a number between 0 and 0777 (octal), both inclusive',
        'spec.volumes[0].downwardAPI.fieldRef.fieldPath: Unsupported value: "spec.nodeName": supported values: "metadata.annotations", "metadata.labels", "metadata.name", "metadata.namespace", "metadata.uid"',
        'spec.volumes[0].downwardAPI: Invalid value: "resource": fieldRef and resourceFieldRef can not be specified simultaneously',
        'spec.volumes[0].downwardAPI.resourceFieldRef.containerName: Required value',
    ]),
    ({'spec.volumes': [{'name': 'v', 'downwardAPI': {'items': [{'path': 'a', 'fieldRef': {'fieldPath': 'metadata.labels'}}, {'path': 'b', 'resourceFieldRef': {'containerName': 'c', 'resource': 'limits.cpu'}}]}}]}, []),
    ({'spec.volumes': [{'name': 'v', 'fc': {}}]}, [
        'spec.volumes[0].fc.targetWWNs: Required value: must specify either targetWWNs or wwids, but not both',
    ]),
    ({'spec.volumes': [{'name': 'v', 'fc': {'targetWWNs': ['a'], 'wwids': ['b'], 'lun': 256}}]}, [
        'spec.volumes[0].fc.targetWWNs: Invalid value: ["a"]: targetWWNs and wwids can not be specified simultaneously',
        'spec.volumes[0].fc.lun: Invalid value: 256: must be between 0 and 255, inclusive',
    ]),
    ({'spec.volumes': [{'name': 'v', 'fc': {'targetWWNs': ['a']}}]}, [
        'spec.volumes[0].fc.lun: Required value: lun is required if targetWWNs is specified',
    ]),
    ({'spec.volumes': [{'name': 'v', 'flexVolume': {'driver': '', 'options': {'a.k8s.io/b': 'c'}}}]}, [
        'spec.volumes[0].flexVolume.driver: Required value',
        'spec.volumes[0].flexVolume.options[a.k8s.io/b]: Invalid value: "a.k8s.io/b": kubernetes.io and k8s.io namespaces are reserved',
    ]),
    ({'spec.volumes': [{'name': 'v', 'configMap': {'name': '', 'defaultMode': 512, 'items': [{'key': '', 'path': '/a', 'mode': 512}]}}]}, [
        'spec.volumes[0].configMap.name: Required value',
        'spec.volumes[0].configMap.defaultMode: Invalid value: 512: must be a number between 0 and 0777 (octal), both inclusive',
        'spec.volumes[0].configMap.items[0].key: Required value',
        'spec.volumes[0].configMap.items[0].path: Invalid value: "/a": must be a relative path',
        'spec.volumes[0].configMap.items[0].mode: Invalid value: 512: must be a number between 0 and 0777 (octal), both inclusive',
    ]),
    ({'spec.volumes': [{'name': 'v', 'azureFile': {'secretName': '', 'shareName': ''}}]}, [
        'spec.volumes[0].azureFile.secretName: Required value',
        'spec.volumes[0].azureFile.shareName: Required value',
    ]),
    ({'spec.volumes': [{'name': 'v', 'vsphereVolume': {'volumePath': ''}}]}, [
        'spec.volumes[0].vsphereVolume.volumePath: Required value',
    ]),
    ({'spec.volumes': [{'name': 'v', 'photonPersistentDisk': {'pdID': ''}}]}, [
        'spec.volumes[0].photonPersistentDisk.pdID: Required value',
    ]),
    ({'spec.volumes': [{'name': 'v', 'portworxVolume': {'volumeID': ''}}]}, [
        'spec.volumes[0].portworxVolume.volumeID: Required value',
    ]),
    ({'spec.volumes': [{'name': 'v', 'azureDisk': {'diskName': '', 'diskURI': '', 'cachingMode': 'All', 'kind': 'Mine'}}]}, [
        'spec.volumes[0].azureDisk.diskName: Required value',
        'spec.volumes[0].azureDisk.diskURI: Required value',
        'spec.volumes[0].azureDisk.cachingMode: Unsupported value: "All": supported values: "None", "ReadOnly", "ReadWrite"',
        'spec.volumes[0].azureDisk.kind: Unsupported value: "Mine": supported values: "Dedicated", "Managed", "Shared"',
        'spec.volumes[0].azureDisk.diskURI: Unsupported value: "": supported values: "https://{account-name}.blob.core.windows.net/{container-name}/{disk-name}.vhd"',
    ]),
    ({'spec.volumes': [{'name': 'v', 'azureDisk': {'diskName': 'a', 'diskURI': 'b', 'kind': 'Managed'}}]}, [
        'spec.volumes[0].azureDisk.diskURI: Unsupported value: "b": supported values: "/subscriptions/{sub-id}/resourcegroups/{group-name}/providers/microsoft.compute/disks/{disk-id}"',
    ]),
    ({'spec.volumes': [{'name': 'v', 'storageos': {'volumeName': '', 'volumeNamespace': 'N_', 'secretRef': {}}}]}, [
        'spec.volumes[0].storageos.volumeName: Required value',
        'spec.volumes[0].storageos.volumeNamespace: Invalid value: "N_": ' + LABEL,
        'spec.volumes[0].storageos.secretRef.name: Required value',
    ]),
    ({'spec.volumes': [{'name': 'v', 'storageos': {'volumeName': 'V_'}}]}, [
        'spec.volumes[0].storageos.volumeName: Invalid value: "V_": ' + LABEL,
    ]),
    ({'spec.volumes': [{'name': 'v', 'scaleIO': {'gateway': '', 'system': '', 'volumeName': '', 'secretRef': {'name': 'a'}}}]}, [
        'spec.volumes[0].scaleIO.gateway: Required value',
        'spec.volumes[0].scaleIO.system: Required value',
        'spec.volumes[0].scaleIO.volumeName: Required value',
    ]),
    ({'spec.volumes': [{'name': 'v', 'csi': {'driver': '', 'nodePublishSecretRef': {}}}]}, [
        'spec.volumes[0].csi.driver: Required value',
        'spec.volumes[0].csi.nodePublishSecretRef.name: Required value',
    ]),
    ({'spec.volumes': [{'name': 'v', 'csi': {'driver': "D_" + "d" * 63, 'nodePublishSecretRef': {'name': 'S_'}}}]}, [
        'spec.volumes[0].csi.driver: Too long: may not be more than 63 bytes',
        f'spec.volumes[0].csi.driver: Invalid value: "D_{DS}": ' + SUBDOMAIN,
        'spec.volumes[0].csi.name: Invalid value: "S_": ' + SUBDOMAIN,
    ]),
    ({'spec.volumes': [{'name': 'v', 'csi': {'driver': 'CSI.example.com'}}]}, []),
    ({'spec.volumes': [{'name': 'v', 'ephemeral': {}}]}, [
        'spec.volumes[0].ephemeral.volumeClaimTemplate: Required value',
    ]),
    ({'spec.volumes': [{'name': 'v', 'ephemeral': {'volumeClaimTemplate': {'metadata': {'name': 'n', 'namespace': 'm'}, 'spec': {'accessModes': ['ReadWriteOnce'], 'resources': {'requests': {'storage': '1Gi'}}}}}}]}, [
        'spec.volumes[0].ephemeral.volumeClaimTemplate.metadata.name: Forbidden: cannot be set',
        'spec.volumes[0].ephemeral.volumeClaimTemplate.metadata.namespace: Forbidden: cannot be set',
    ]),
    ({'spec.volumes': [{'name': 'v', 'ephemeral': {'volumeClaimTemplate': {'metadata': {'labels': {'!': ''}, 'annotations': {'!': ''}}, 'spec': {'selector': {'matchLabels': {'!': ''}, 'matchExpressions': [{'key': '!', 'operator': 'In', 'values': ['!']}]}, 'storageClassName': 'A', 'volumeMode': 'Tape'}}}}]}, [
        'spec.volumes[0].ephemeral.volumeClaimTemplate.metadata.annotations: Invalid value: "!": ' + QUALIFIED,
        'spec.volumes[0].ephemeral.volumeClaimTemplate.metadata.labels: Invalid value: "!": ' + QUALIFIED,
        'spec.volumes[0].ephemeral.volumeClaimTemplate.spec.selector.matchLabels: Invalid value: "!": ' + QUALIFIED,
        'spec.volumes[0].ephemeral.volumeClaimTemplate.spec.selector.matchExpressions[0].key: Invalid value: "!": ' + QUALIFIED,
        'spec.volumes[0].ephemeral.volumeClaimTemplate.spec.selector.matchExpressions[0].values[0]: Invalid value: "!": ' + VALUE,
        'spec.volumes[0].ephemeral.volumeClaimTemplate.spec.accessModes: Required value: at least 1 access mode is required',
        'spec.volumes[0].ephemeral.volumeClaimTemplate.spec.resources[storage]: Required value',
        'spec.volumes[0].ephemeral.volumeClaimTemplate.spec.storageClassName: Invalid value: "A": ' + SUBDOMAIN,
        'spec.volumes[0].ephemeral.volumeClaimTemplate.spec.volumeMode: Unsupported value: "Tape": supported values: "Block", "Filesystem"',
    ]),
    ({'spec.volumes': [{'name': 'v', 'ephemeral': {'volumeClaimTemplate': {'spec': {'accessModes': ['Any', 'ReadWriteOncePod'], 'resources': {'requests': {'storage': '0'}}}}}}]}, [
        'spec.volumes[0].ephemeral.volumeClaimTemplate.spec.accessModes: Unsupported value: "Any": supported values: "ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod"',
        'spec.volumes[0].ephemeral.volumeClaimTemplate.spec.accessModes: Forbidden: may not use ReadWriteOncePod with other access modes',
        'spec.volumes[0].ephemeral.volumeClaimTemplate.spec.resources[storage]: Invalid value: "0": must be greater than zero',
    ]),
    ({'metadata.name': "p" * 250, 'spec.volumes': [{'name': 'v', 'ephemeral': {'volumeClaimTemplate': {'spec': {'accessModes': ['ReadWriteOnce'], 'resources': {'requests': {'storage': '1Gi'}}}}}}]}, []),
    ({'spec.volumes': [{'name': 'v', 'image': {'reference': '', 'pullPolicy': 'Maybe'}}]}, [
        'spec.volumes[0].image.reference: Required value',
        'spec.volumes[0].image.pullPolicy: Unsupported value: "Maybe": supported values: "Always", "IfNotPresent", "Never"',
    ]),
    ({'spec.volumes': [{'name': 'v', 'projected': {'defaultMode': 512, 'sources': [{'secret': {'items': [{'key': '', 'path': 'a'}]}}, {'configMap': {'name': 'm', 'items': [{'key': 'a', 'path': 'a'}]}}, {'downwardAPI': {'items': [{'path': 'a'}]}}]}}]}, [
        'spec.volumes[0].projected.defaultMode: Invalid value: 512: must be a number between 0 and 0777 (octal), both inclusive',
        'spec.volumes[0].projected.sources[0].secret.name: Required value',
        'spec.volumes[0].projected.sources[0].secret.items[0].key: Required value',
        'spec.volumes[0].projected: Invalid value: "m": conflicting duplicate paths',
        'spec.volumes[0].projected.sources[2].downwardAPI: Required value: one of fieldRef and resourceFieldRef is required',
        'spec.volumes[0].projected: Invalid value: "a": conflicting duplicate paths',
    ]),
    ({'spec.serviceAccountName': 'a', 'spec.volumes': [{'name': 'v', 'projected': {'sources': [{'serviceAccountToken': {'path': '', 'expirationSeconds': 599}}, {'serviceAccountToken': {'path': '../a', 'expirationSeconds': 4294967297}}, {'serviceAccountToken': {'path': 'a'}, 'secret': {'name': 's'}}]}}]}, [
        'spec.volumes[0].projected.sources[0].serviceAccountToken.expirationSeconds: Invalid value: 599: may not specify a duration less than 10 minutes',
        'spec.volumes[0].projected.path: Required value',
        'spec.volumes[0].projected.sources[1].serviceAccountToken.expirationSeconds: Invalid value: 4294967297: may not specify a duration larger than 2^32 seconds',
        'spec.volumes[0].projected.path: Invalid value: "../a": must not contain \'..\'',
        'spec.volumes[0].projected.sources[2]: Forbidden: may not specify more than 1 volume type per source',
    ]),
    ({'spec.volumes': [{'name': 'v', 'projected': {'sources': [{'serviceAccountToken': {'path': 'a'}}]}}]}, [
        'spec.volumes[0].projected.sources[0].serviceAccountToken: Forbidden: must not be specified when serviceAccountName is not set',
    ]),
]  # fmt: skip
IN_USE: list[tuple[Changes, list[str]]] = [
    ({'spec.volumes': [{'name': 'v', 'projected': {'sources': [{'clusterTrustBundle': {'path': 'a'}}, {'clusterTrustBundle': {'path': 'a', 'name': '', 'labelSelector': {}}}, {'clusterTrustBundle': {'path': '', 'signerName': '', 'labelSelector': {'matchLabels': {'!': ''}}}}, {'clusterTrustBundle': {'path': 'b', 'name': 'n', 'signerName': 's'}}]}}]}, [
        'spec.volumes[0].projected.sources[0].clusterTrustBundle: Required value: either name or signerName must be specified',
        'spec.volumes[0].projected.sources[1].clusterTrustBundle.name: Required value: must be a valid object name',
        'spec.volumes[0].projected.sources[1].clusterTrustBundle.name: Invalid value: "": not a valid clustertrustbundlename: ' + SUBDOMAIN,
        'spec.volumes[0].projected.sources[1].clusterTrustBundle.labelSelector: Invalid value: {}: labelSelector must be unset if name is specified',
        'spec.volumes[0].projected: Invalid value: "a": conflicting duplicate paths',
        'spec.volumes[0].projected.sources[2].clusterTrustBundle.signerName: Required value: must be a valid signer name',
        'spec.volumes[0].projected.sources[2].clusterTrustBundle.labelSelector.matchLabels: Invalid value: "!": ' + QUALIFIED,
        'spec.volumes[0].projected.sources[2].clusterTrustBundle.path: Required value',
        'spec.volumes[0].projected.sources[3].clusterTrustBundle: Invalid value: {"Name":"n","SignerName":"s","LabelSelector":null,"Optional":null,"Path":"b"}: only one of name and signerName may be used',
    ]),
]  # fmt: skip


@pytest.mark.parametrize(("changes", "errors"), ROWS)
def test_volumes_are_checked(changes: Changes, errors: list[str]) -> None:
    """Each rule refuses with upstream's words, in upstream's order; what is valid passes."""
    assert POD.refusals(changes) == errors


@pytest.mark.parametrize(("changes", "errors"), IN_USE)
def test_projections_of_disabled_feature_are_checked_where_they_are_in_use(changes: Changes, errors: list[str]) -> None:
    """They are dropped elsewhere."""
    assert POD.refusals_in_use(changes) == errors
    assert POD.refusals(changes) == []
