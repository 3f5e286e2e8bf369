"""A sampler that is not one of the SDK's."""

from opentelemetry.sdk.trace.sampling import Decision, Sampler, SamplingResult


class CustomSampler(Sampler):
    """Samples requests for one path, and keeps the attributes that it is given."""

    def __init__(self) -> None:
        self.shown: list[dict[str, object]] = []

    def should_sample(self, parent_context, trace_id, name, kind=None, attributes=None, links=None, trace_state=None):  # type: ignore[no-untyped-def] # the signature is the SDK's
        self.shown.append(dict(attributes or {}))
        wanted = (attributes or {}).get("url.path") == "/wanted"
        return SamplingResult(Decision.RECORD_AND_SAMPLE if wanted else Decision.DROP, attributes)

    def get_description(self) -> str:
        return "CustomSampler"
