"""Discovery: which groups, versions and resources are served.

Two forms of one content, both made from the registry: the legacy one, a document for each group-version, and the aggregated one, a
single document for all. Documents are made once for each state of the registry.
"""

from rootspan_apiserver.documents.discovery.aggregated import aggregated_apis, aggregated_core
from rootspan_apiserver.documents.discovery.document import Document
from rootspan_apiserver.documents.discovery.legacy import core_versions, legacy_group, legacy_groups, legacy_resources

__all__ = [
    "Document",
    "aggregated_apis",
    "aggregated_core",
    "core_versions",
    "legacy_group",
    "legacy_groups",
    "legacy_resources",
]
