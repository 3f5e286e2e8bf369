"""The endpoints of documents: discovery, OpenAPI, health, version."""
