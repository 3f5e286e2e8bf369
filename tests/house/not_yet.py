"""What still breaks a rule of the house. These lists only shrink; `shrink.py` drops what is mended."""

NOT_YET_UNIQUE: frozenset[str] = frozenset(())
"""Class names that two modules of a package define."""

NOT_YET: dict[str, frozenset[str]] = {
    "many_positional_arguments": frozenset(
        (
            "rootspan_apiserver.handlers.deleting",
            "rootspan_apiserver.handlers.documents.discovery",
            "rootspan_apiserver.handlers.patching",
            "rootspan_apiserver.http.responses",
            "rootspan_apiserver.managed_fields.field_manager",
        )
    ),
    "long_functions": frozenset(
        (
            "rootspan_apiserver.app",
            "rootspan_apiserver.storage.etcd_store",
        )
    ),
    "long_modules": frozenset(
        (
            "rootspan_apiserver.app",
            "rootspan_apiserver.resources.definition",
        )
    ),
    "mutable_module_state": frozenset(()),
    "mutable_class_attributes": frozenset(()),
    "missing_docstrings": frozenset(
        (
            "rootspan_apiserver.documents.openapi.swagger_protobuf",
            "rootspan_apiserver.filters.authentication",
            "rootspan_apiserver.filters.authorization",
            "rootspan_apiserver.filters.flow_schemas",
            "rootspan_apiserver.filters.impersonation",
            "rootspan_apiserver.filters.long_running",
            "rootspan_apiserver.filters.priority_and_fairness",
            "rootspan_apiserver.handlers.creating",
            "rootspan_apiserver.handlers.deleting",
            "rootspan_apiserver.handlers.documents.health",
            "rootspan_apiserver.handlers.documents.openapi",
            "rootspan_apiserver.handlers.field_managers",
            "rootspan_apiserver.handlers.patching",
            "rootspan_apiserver.handlers.reading",
            "rootspan_apiserver.handlers.subresources.connect",
            "rootspan_apiserver.handlers.updating",
            "rootspan_apiserver.handlers.watching",
            "rootspan_apiserver.http.negotiation",
            "rootspan_apiserver.http.responses",
            "rootspan_apiserver.kube.durations",
            "rootspan_apiserver.kube.meta",
            "rootspan_apiserver.kube.names",
            "rootspan_apiserver.kube.quantity",
            "rootspan_apiserver.kube.status",
            "rootspan_apiserver.managed_fields.entries",
            "rootspan_apiserver.managed_fields.field_set",
            "rootspan_apiserver.resources.cells",
            "rootspan_apiserver.resources.kinds.access",
            "rootspan_apiserver.resources.kinds.admission",
            "rootspan_apiserver.resources.kinds.batch",
            "rootspan_apiserver.resources.kinds.certificates",
            "rootspan_apiserver.resources.kinds.checks",
            "rootspan_apiserver.resources.kinds.cluster",
            "rootspan_apiserver.resources.kinds.configuration",
            "rootspan_apiserver.resources.kinds.definitions",
            "rootspan_apiserver.resources.kinds.events",
            "rootspan_apiserver.resources.kinds.networking",
            "rootspan_apiserver.resources.kinds.pod_environment",
            "rootspan_apiserver.resources.kinds.pod_validation",
            "rootspan_apiserver.resources.kinds.pods",
            "rootspan_apiserver.resources.kinds.policies",
            "rootspan_apiserver.resources.kinds.quotas",
            "rootspan_apiserver.resources.kinds.services",
            "rootspan_apiserver.resources.kinds.storage_classes",
            "rootspan_apiserver.resources.kinds.workloads",
            "rootspan_apiserver.resources.metadata",
            "rootspan_apiserver.resources.selectable",
            "rootspan_apiserver.tables.cluster_rows",
            "rootspan_apiserver.tables.columns",
            "rootspan_apiserver.tables.network_rows",
            "rootspan_apiserver.tables.policy_rows",
            "rootspan_apiserver.tables.workload_rows",
        )
    ),
    "private_dialect": frozenset(
        (
            "rootspan_apiserver.codec.custom",
            "rootspan_apiserver.codec.decoding",
            "rootspan_apiserver.filters.authorization",
            "rootspan_apiserver.filters.exchange",
            "rootspan_apiserver.filters.impersonation",
            "rootspan_apiserver.filters.panic",
            "rootspan_apiserver.handlers.bodies",
            "rootspan_apiserver.handlers.dispatch",
            "rootspan_apiserver.handlers.unenforced",
            "rootspan_apiserver.handlers.verb",
            "rootspan_apiserver.handlers.watching",
            "rootspan_apiserver.http.parts",
            "rootspan_apiserver.http.request",
            "rootspan_apiserver.kube.status",
            "rootspan_apiserver.managed_fields.applying",
            "rootspan_apiserver.managed_fields.checking",
            "rootspan_apiserver.managed_fields.field_manager",
            "rootspan_apiserver.patch.json_patch",
            "rootspan_apiserver.resources",
            "rootspan_apiserver.resources.custom.serving",
            "rootspan_apiserver.resources.kinds.definitions",
            "rootspan_apiserver.resources.resource",
        )
    ),
}
"""Modules that break a rule, by the name of its check."""
