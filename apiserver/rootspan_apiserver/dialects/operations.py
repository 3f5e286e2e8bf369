"""The operations inside a request that can have a span. A dialect says which of them have one, and what it is called."""


class InternalOperation:
    """The identity of an operation; the dialects are keyed by it."""

    __slots__ = ()


AUTHENTICATION = InternalOperation()
AUDIT = InternalOperation()
IMPERSONATION = InternalOperation()
PRIORITY_AND_FAIRNESS = InternalOperation()
AUTHORIZATION = InternalOperation()

CREATE = InternalOperation()
UPDATE = InternalOperation()
PATCH = InternalOperation()
DELETE = InternalOperation()
GET = InternalOperation()
LIST = InternalOperation()
WATCH_LIST = InternalOperation()
"""A watch that begins with the present state, until that has been written."""

WRITE_RESPONSE = InternalOperation()
WRITE_WATCH = InternalOperation()

CALL_MUTATING_WEBHOOK = InternalOperation()
CALL_VALIDATING_WEBHOOK = InternalOperation()
CALL_CONVERSION_WEBHOOK = InternalOperation()
CALL_AUDIT_WEBHOOK = InternalOperation()

CACHE_GET = InternalOperation()
CACHE_LIST = InternalOperation()
CACHE_WATCH = InternalOperation()

ETCD_CREATE = InternalOperation()
TRANSFORM_TO_STORAGE = InternalOperation()
TRANSFORM_FROM_STORAGE = InternalOperation()
ETCD_UPDATE = InternalOperation()
ETCD_LIST = InternalOperation()
ETCD_LIST_SINGLE = InternalOperation()
"""A list of a single key."""
