"""A valid object of each built-in kind, with values that are empty, zero or the default's own: what goes wrong is mostly there."""

from base64 import b64encode

from rootspan_apiserver.kube.meta import JSONObject

IN_DEFAULT = "namespaces/default/"
LABELS: JSONObject = {"team": "blue"}
CONTAINER: JSONObject = {
    "name": "main",
    "image": "registry.example/app:1",
    "args": [],
    "env": [
        {"name": "EMPTY", "value": ""},
        {"name": "KEY", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k", "optional": False}}},
    ],
    "ports": [{"containerPort": 8080, "protocol": "TCP"}],
    "resources": {"requests": {"cpu": "0.5", "memory": "1024Mi"}, "limits": {"cpu": "1000m"}},
    "readinessProbe": {"httpGet": {"port": 8080, "path": ""}, "initialDelaySeconds": 0},
    "securityContext": {"privileged": False, "runAsUser": 0},
    "volumeMounts": [{"name": "tmp", "mountPath": "/tmp", "readOnly": False}],
    "stdin": False,
}
VOLUMES: list[JSONObject] = [
    {"name": "tmp", "emptyDir": {}},
    {"name": "cm", "configMap": {"name": "c", "items": [], "defaultMode": 0}},
    {"name": "own", "projected": {"sources": [{"downwardAPI": {}}, {"configMap": {"name": "c"}}]}},
    {"name": "about", "downwardAPI": {"items": []}},
]
POD: JSONObject = {
    "containers": [CONTAINER],
    "initContainers": [],
    "volumes": VOLUMES,
    "tolerations": [{"key": "", "operator": "Exists", "tolerationSeconds": 0, "effect": "NoExecute"}],
    "nodeSelector": {},
    "affinity": {},
    "imagePullSecrets": [{"name": ""}],
    "hostNetwork": False,
    "enableServiceLinks": False,
    "terminationGracePeriodSeconds": 0,
    "securityContext": {},
}
TEMPLATE: JSONObject = {"metadata": {"labels": LABELS, "annotations": {}}, "spec": POD}
ONCE: JSONObject = {"spec": {**POD, "restartPolicy": "Never"}}
SELECTOR: JSONObject = {"matchLabels": LABELS, "matchExpressions": []}
CLAIM: JSONObject = {
    "accessModes": ["ReadWriteOnce"],
    "storageClassName": "",
    "resources": {"requests": {"storage": "1024Mi"}, "limits": {}},
    "selector": {"matchLabels": {}},
    "volumeName": "",
}
WEBHOOK: JSONObject = {
    "name": "w.example.org",
    "clientConfig": {"url": "https://127.0.0.1:9/x"},
    "rules": [
        {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["widgets"], "scope": "*"}
    ],
    "admissionReviewVersions": ["v1"],
    "sideEffects": "None",
    "namespaceSelector": {},
    "matchConditions": [],
    "timeoutSeconds": 10,
}
REQUEST = """-----BEGIN CERTIFICATE REQUEST-----
MIHZMIGAAgEAMB4xDTALBgNVBAoMBGRldnMxDTALBgNVBAMMBGphbmUwWTATBgcq
hkjOPQIBBggqhkjOPQMBBwNCAARcID9HTjueQKlhh4x7EwyGWx4egOgB3ExhFn2Y
X5rN6ZrFWAfJsT200YRTXULgfM0TclcDp0V6WTZr9Sc31aI/oAAwCgYIKoZIzj0E
AwIDSAAwRQIgU4v9hWokLMPLj6omQzRjXS9yV/43uzdu8XQvto8/nQkCIQDoayQB
VP1tOb4I2ZFpRsYbGAs8TZdBPuuObmWTUiucMg==
-----END CERTIFICATE REQUEST-----
"""
RULES: JSONObject = {
    "resourceRules": [{"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["widgets"]}]
}
DEVICES: JSONObject = {"requests": [{"name": "r", "exactly": {"deviceClassName": "gpu", "selectors": []}}]}
PROTECTED: JSONObject = {"dataSource": None, "volumeMode": "Filesystem"}

OBJECTS: dict[str, JSONObject] = {
    f"api/v1/{IN_DEFAULT}configmaps": {"data": {"empty": ""}, "binaryData": {}, "immutable": False},
    f"api/v1/{IN_DEFAULT}endpoints": {
        "subsets": [{"addresses": [{"ip": "10.1.0.1"}], "ports": [{"port": 80, "name": ""}]}]
    },
    f"api/v1/{IN_DEFAULT}events": {
        "involvedObject": {"kind": "Pod", "name": "p", "namespace": "default"},
        "reason": "",
        "count": 0,
        "source": {},
    },
    f"api/v1/{IN_DEFAULT}limitranges": {
        "spec": {"limits": [{"type": "Container", "max": {"cpu": "2000m"}, "min": {}}]}
    },
    "api/v1/namespaces": {"spec": {}},
    "api/v1/nodes": {"spec": {"unschedulable": False, "taints": []}, "status": {"capacity": {"cpu": "4000m"}}},
    f"api/v1/{IN_DEFAULT}persistentvolumeclaims": {"spec": {**CLAIM, **PROTECTED}},
    "api/v1/persistentvolumes": {
        "spec": {
            "capacity": {"storage": "1024Mi"},
            "accessModes": ["ReadWriteOnce"],
            "hostPath": {"path": "/srv", "type": ""},
            "storageClassName": "",
            "mountOptions": [],
        }
    },
    f"api/v1/{IN_DEFAULT}pods": {"spec": POD},
    f"api/v1/{IN_DEFAULT}podtemplates": {"template": TEMPLATE},
    f"api/v1/{IN_DEFAULT}replicationcontrollers": {"spec": {"replicas": 0, "minReadySeconds": 0, "template": TEMPLATE}},
    f"api/v1/{IN_DEFAULT}resourcequotas": {"spec": {"hard": {"cpu": "1000m", "pods": "0"}, "scopes": []}},
    f"api/v1/{IN_DEFAULT}secrets": {"stringData": {"empty": ""}, "data": {"k": ""}, "immutable": False},
    f"api/v1/{IN_DEFAULT}serviceaccounts": {
        "secrets": [],
        "imagePullSecrets": [],
        "automountServiceAccountToken": False,
    },
    f"api/v1/{IN_DEFAULT}services": {
        "spec": {
            "type": "LoadBalancer",
            "ports": [{"port": 80, "name": "", "targetPort": 0, "protocol": "TCP"}],
            "selector": LABELS,
            "externalIPs": [],
            "externalTrafficPolicy": "Local",
            "publishNotReadyAddresses": False,
            "sessionAffinity": "None",
        }
    },
    "apis/apiregistration.k8s.io/v1/apiservices": {
        "metadata": {"name": "v1.far.example.org"},
        "spec": {
            "group": "far.example.org",
            "version": "v1",
            "groupPriorityMinimum": 100,
            "versionPriority": 10,
            "service": {"name": "far", "namespace": "default"},
            "insecureSkipTLSVerify": True,
        },
    },
    f"apis/apps/v1/{IN_DEFAULT}controllerrevisions": {"data": {"a": [], "b": {}, "c": None}, "revision": 0},
    f"apis/apps/v1/{IN_DEFAULT}daemonsets": {
        "spec": {
            "selector": SELECTOR,
            "template": TEMPLATE,
            "minReadySeconds": 0,
            "updateStrategy": {"type": "OnDelete"},
        }
    },
    f"apis/apps/v1/{IN_DEFAULT}deployments": {
        "spec": {
            "selector": SELECTOR,
            "template": TEMPLATE,
            "replicas": 0,
            "paused": False,
            "minReadySeconds": 0,
            "revisionHistoryLimit": 0,
            "strategy": {"type": "Recreate"},
        }
    },
    f"apis/apps/v1/{IN_DEFAULT}replicasets": {"spec": {"selector": SELECTOR, "template": TEMPLATE, "replicas": 0}},
    f"apis/apps/v1/{IN_DEFAULT}statefulsets": {
        "spec": {
            "selector": SELECTOR,
            "template": TEMPLATE,
            "serviceName": "",
            "ordinals": {"start": 0},
            "volumeClaimTemplates": [{"metadata": {"name": "data"}, "spec": {**CLAIM, **PROTECTED}}],
        }
    },
    f"apis/autoscaling/v1/{IN_DEFAULT}horizontalpodautoscalers": {
        "spec": {
            "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "d"},
            "maxReplicas": 3,
            "targetCPUUtilizationPercentage": 50,
        }
    },
    f"apis/autoscaling/v2/{IN_DEFAULT}horizontalpodautoscalers": {
        "metadata": {"name": "second"},
        "spec": {
            "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "d"},
            "maxReplicas": 3,
            "metrics": [],
            "behavior": {"scaleDown": {"stabilizationWindowSeconds": 0}},
        },
    },
    f"apis/batch/v1/{IN_DEFAULT}cronjobs": {
        "spec": {
            "schedule": "0 * * * *",
            "suspend": False,
            "jobTemplate": {"spec": {"template": ONCE}},
            "timeZone": "UTC",
        }
    },
    f"apis/batch/v1/{IN_DEFAULT}jobs": {
        "spec": {"template": ONCE, "completions": 0, "parallelism": 0, "ttlSecondsAfterFinished": 0, "suspend": False}
    },
    "apis/certificates.k8s.io/v1/certificatesigningrequests": {
        "spec": {
            "request": b64encode(REQUEST.encode()).decode(),
            "signerName": "example.org/signer",
            "usages": ["client auth"],
            "expirationSeconds": 600,
        }
    },
    "apis/networking.k8s.io/v1/ingressclasses": {"spec": {"controller": "example.org/controller"}},
    f"apis/networking.k8s.io/v1/{IN_DEFAULT}ingresses": {
        "spec": {
            "defaultBackend": {"service": {"name": "web", "port": {"number": 80}}},
            "tls": [],
            "rules": [
                {
                    "host": "",
                    "http": {
                        "paths": [
                            {
                                "path": "/",
                                "pathType": "Prefix",
                                "backend": {"service": {"name": "web", "port": {"name": "http"}}},
                            }
                        ]
                    },
                }
            ],
        }
    },
    "apis/networking.k8s.io/v1/ipaddresses": {
        "metadata": {"name": "10.9.8.7"},
        "spec": {"parentRef": {"group": "", "resource": "services", "namespace": "default", "name": "s"}},
    },
    f"apis/networking.k8s.io/v1/{IN_DEFAULT}networkpolicies": {
        "spec": {"podSelector": {}, "ingress": [{"from": [], "ports": [{"port": 80}]}], "egress": [{}]}
    },
    "apis/networking.k8s.io/v1/servicecidrs": {"spec": {"cidrs": ["10.70.0.0/24"]}},
    f"apis/policy/v1/{IN_DEFAULT}poddisruptionbudgets": {"spec": {"minAvailable": 0, "selector": {}}},
    "apis/rbac.authorization.k8s.io/v1/clusterroles": {
        "rules": [],
        "aggregationRule": {"clusterRoleSelectors": [SELECTOR]},
    },
    "apis/rbac.authorization.k8s.io/v1/clusterrolebindings": {
        "subjects": [{"kind": "User", "name": "jane"}],
        "roleRef": {"kind": "ClusterRole", "name": "view", "apiGroup": ""},
    },
    f"apis/rbac.authorization.k8s.io/v1/{IN_DEFAULT}roles": {
        "rules": [{"apiGroups": [""], "resources": ["pods"], "verbs": ["get"], "resourceNames": []}]
    },
    f"apis/rbac.authorization.k8s.io/v1/{IN_DEFAULT}rolebindings": {
        "subjects": [{"kind": "ServiceAccount", "name": "default", "namespace": "default", "apiGroup": ""}],
        "roleRef": {"kind": "Role", "name": "r", "apiGroup": "rbac.authorization.k8s.io"},
    },
    "apis/storage.k8s.io/v1/csidrivers": {
        "spec": {"attachRequired": False, "tokenRequests": [], "volumeLifecycleModes": ["Persistent"]}
    },
    "apis/storage.k8s.io/v1/csinodes": {
        "spec": {"drivers": [{"name": "d.example.org", "nodeID": "n", "topologyKeys": []}]}
    },
    f"apis/storage.k8s.io/v1/{IN_DEFAULT}csistoragecapacities": {"storageClassName": "fast", "capacity": "1024Mi"},
    "apis/storage.k8s.io/v1/storageclasses": {
        "provisioner": "example.org/disk",
        "parameters": {},
        "allowVolumeExpansion": False,
        "mountOptions": [],
    },
    "apis/storage.k8s.io/v1/volumeattachments": {
        "spec": {"attacher": "d.example.org", "nodeName": "n", "source": {"persistentVolumeName": "v"}}
    },
    "apis/storage.k8s.io/v1/volumeattributesclasses": {"driverName": "d.example.org", "parameters": {"tier": "gold"}},
    "apis/admissionregistration.k8s.io/v1/mutatingadmissionpolicies": {
        "spec": {
            "matchConstraints": RULES,
            "reinvocationPolicy": "Never",
            "mutations": [
                {"patchType": "ApplyConfiguration", "applyConfiguration": {"expression": "Object{}"}},
            ],
            "variables": [],
        }
    },
    "apis/admissionregistration.k8s.io/v1/mutatingadmissionpolicybindings": {"spec": {"policyName": "absent"}},
    "apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations": {"webhooks": [WEBHOOK]},
    "apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies": {
        "spec": {
            "matchConstraints": RULES,
            "validations": [{"expression": "true", "message": ""}],
            "auditAnnotations": [],
        }
    },
    "apis/admissionregistration.k8s.io/v1/validatingadmissionpolicybindings": {
        "spec": {"policyName": "absent", "validationActions": ["Deny"]}
    },
    "apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations": {"webhooks": [WEBHOOK]},
    "apis/apiextensions.k8s.io/v1/customresourcedefinitions": {
        "metadata": {"name": "things.far.example.org"},
        "spec": {
            "group": "far.example.org",
            "scope": "Namespaced",
            "names": {"plural": "things", "kind": "Thing", "shortNames": [], "categories": []},
            "versions": [
                {
                    "name": "v1",
                    "served": True,
                    "storage": True,
                    "schema": {
                        "openAPIV3Schema": {
                            "type": "object",
                            "properties": {
                                "spec": {
                                    "type": "object",
                                    "properties": {"size": {"type": "integer", "minimum": 0, "default": 0}},
                                    "required": [],
                                }
                            },
                        }
                    },
                    "additionalPrinterColumns": [],
                }
            ],
        },
    },
    "apis/scheduling.k8s.io/v1/priorityclasses": {"value": 0, "globalDefault": False, "description": ""},
    f"apis/coordination.k8s.io/v1/{IN_DEFAULT}leases": {
        "spec": {"holderIdentity": "me", "leaseTransitions": 0, "renewTime": "2026-01-02T03:04:05.000000Z"}
    },
    "apis/node.k8s.io/v1/runtimeclasses": {"handler": "runc", "overhead": {"podFixed": {"cpu": "100m"}}},
    f"apis/discovery.k8s.io/v1/{IN_DEFAULT}endpointslices": {
        "addressType": "IPv4",
        "endpoints": [{"addresses": ["10.1.0.1"], "conditions": {}, "hostname": None}],
        "ports": [],
    },
    "apis/resource.k8s.io/v1/deviceclasses": {"spec": {"selectors": [], "config": []}},
    f"apis/resource.k8s.io/v1/{IN_DEFAULT}resourceclaims": {"spec": {"devices": {**DEVICES, "constraints": []}}},
    f"apis/resource.k8s.io/v1/{IN_DEFAULT}resourceclaimtemplates": {
        "spec": {"metadata": {}, "spec": {"devices": DEVICES}}
    },
    "apis/resource.k8s.io/v1/resourceslices": {
        "spec": {
            "driver": "d.example.org",
            "pool": {"name": "p", "generation": 0, "resourceSliceCount": 1},
            "nodeName": "n",
            "devices": [],
        }
    },
    f"apis/events.k8s.io/v1/{IN_DEFAULT}events": {
        "metadata": {"name": "second"},
        "regarding": {"kind": "Pod", "name": "p", "namespace": "default"},
        "eventTime": "2026-01-02T03:04:05.000000Z",
        "reportingController": "example.org/me",
        "reportingInstance": "me-1",
        "action": "Act",
        "reason": "Because",
        "type": "Normal",
        "note": "",
    },
    "apis/flowcontrol.apiserver.k8s.io/v1/flowschemas": {
        "spec": {
            "priorityLevelConfiguration": {"name": "exempt"},
            "matchingPrecedence": 1000,
            "rules": [
                {
                    "subjects": [{"kind": "Group", "group": {"name": "g"}}],
                    "nonResourceRules": [{"verbs": ["get"], "nonResourceURLs": ["/x"]}],
                    "resourceRules": [],
                }
            ],
        }
    },
    "apis/flowcontrol.apiserver.k8s.io/v1/prioritylevelconfigurations": {
        "spec": {
            "type": "Limited",
            "limited": {"nominalConcurrencyShares": 0, "lendablePercent": 0, "limitResponse": {"type": "Reject"}},
        }
    },
}
"""By the path of the collection, without the slash before it."""


def rich_object(path: str, name: str = "rich") -> JSONObject:
    """A fresh object to create in the collection at `path`, called `name` where its kind allows that; kind and version are left to the
    path."""
    return {"metadata": {"name": name}, **OBJECTS[path]}
