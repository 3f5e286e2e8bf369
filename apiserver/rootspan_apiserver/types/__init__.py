"""Kubernetes' Go types: one generated table (`table.txt`), one model of it, and the views that the server takes of a type.

The table (`tables.py`) is read into the types of `scalars.py`, `well_known.py`, `containers.py`, `schema_unions.py` and `structs.py`. Each
type knows how Go reads it from JSON, writes it as JSON, and decodes and encodes it in protobuf. The views are functions of a type:
`reading.py`, `normal_form.py`, `protobuf.py`, `schema.py` and `openapi.py`.
"""
