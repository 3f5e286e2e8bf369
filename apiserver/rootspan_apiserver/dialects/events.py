"""What happens during an operation and can be an event of its span. A dialect says which are events, and what they are called."""


class SpanEvent:
    """The identity of an event; the dialects are keyed by it."""

    __slots__ = ()


BODY_READ = SpanEvent()
BODY_REFUSED = SpanEvent()
CONVERTING = SpanEvent()
CONVERTED = SpanEvent()
STORING = SpanEvent()
STORED = SpanEvent()
STORING_FAILED = SpanEvent()
AUDIT_RECORDED = SpanEvent()
PATCHING = SpanEvent()
ADMITTING = SpanEvent()
PATCH_STORED = SpanEvent()
DELETE_OPTIONS_DECODED = SpanEvent()
DELETING = SpanEvent()
DELETED = SpanEvent()
READING_GET_OPTIONS = SpanEvent()
GETTING = SpanEvent()
RESPONDING = SpanEvent()
RESPONDED = SpanEvent()

WRITE_STARTING = SpanEvent()
WRITE_SUCCEEDED = SpanEvent()
INITIAL_EVENTS_WRITTEN = SpanEvent()

WEBHOOK_ANSWERED = SpanEvent()
WEBHOOK_PATCH_APPLIED = SpanEvent()

CACHE_READY = SpanEvent()
CACHE_LOCKED = SpanEvent()
CACHE_FRESH = SpanEvent()
CACHE_LISTED = SpanEvent()
CACHE_RESIZED = SpanEvent()
CACHE_FILTERED = SpanEvent()
GETTING_FROM_STORAGE = SpanEvent()
GETTING_FROM_STORAGE_WITHOUT_CACHE = SpanEvent()
GETTING_FROM_CACHE = SpanEvent()

ENCODING = SpanEvent()
ENCODED = SpanEvent()
TRANSFORMED = SpanEvent()
INITIAL_VALUE_RESTORED = SpanEvent()
RETRY_VALUE_RESTORED = SpanEvent()
TXN_PREPARED = SpanEvent()
TRANSFORMING_FAILED = SpanEvent()

ENCRYPTING = SpanEvent()
ENCRYPTED = SpanEvent()
ENCODING_ENCRYPTED = SpanEvent()
ENCODED_ENCRYPTED = SpanEvent()
DECODING_ENCRYPTED = SpanEvent()
DECODING_ENCRYPTED_FAILED = SpanEvent()
DECODED_ENCRYPTED = SpanEvent()
DECRYPTING_KEY = SpanEvent()
DECRYPTING_KEY_FAILED = SpanEvent()
DECRYPTED_KEY = SpanEvent()
DECRYPTING = SpanEvent()
DECRYPTING_FAILED = SpanEvent()
DECRYPTED = SpanEvent()
"""The steps of values whose keys a KMS plugin has encrypted."""

TXN_SUCCEEDED = SpanEvent()
TXN_COMPLETED = SpanEvent()
TXN_COMMITTED = SpanEvent()
TXN_FAILED = SpanEvent()
DECODED = SpanEvent()
