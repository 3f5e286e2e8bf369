"""The description of the API: in OpenAPI v3 an index and a document for each group-version, in v2 one document for all."""

from rootspan_apiserver.documents.openapi.documents import PROTOBUF_V3, OpenAPIDocument, document, index
from rootspan_apiserver.documents.openapi.swagger import PROTOBUF_V2, swagger

__all__ = ["PROTOBUF_V2", "PROTOBUF_V3", "OpenAPIDocument", "document", "index", "swagger"]
