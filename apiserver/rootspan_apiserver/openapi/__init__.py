"""The description of the API in OpenAPI v3: an index, and a document for each group-version."""

from rootspan_apiserver.openapi.documents import OpenAPIDocument, document, index

__all__ = ["OpenAPIDocument", "document", "index"]
