"""The description of the API: in OpenAPI v3 an index and a document for each group-version, in v2 one document for all."""

from rootspan_apiserver.documents.openapi.documents import OpenAPIDocument, document, index
from rootspan_apiserver.documents.openapi.swagger import PROTOBUF, swagger

__all__ = ["PROTOBUF", "OpenAPIDocument", "document", "index", "swagger"]
