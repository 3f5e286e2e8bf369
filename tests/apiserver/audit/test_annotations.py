"""The annotations that the parts of the request path leave for the audit event."""

import pytest

from rootspan_apiserver.audit.annotations import AuditAnnotations
from rootspan_apiserver.audit.level import Level


def test_first_value_of_a_key_stays(caplog: pytest.LogCaptureFixture) -> None:
    """Another value is logged; the same one again is not."""
    annotations = AuditAnnotations()
    annotations.add("a.example.com/k", "1")
    annotations.add("a.example.com/k", "1")
    assert not caplog.messages
    annotations.add("a.example.com/k", "2")
    assert annotations["a.example.com/k"] == "1"
    assert "not set to '2'" in caplog.text


@pytest.mark.parametrize("key", ["k", "a/b/c", "A.example.com/k", "a.example.com/-", "a.example.com/"])
def test_key_without_prefix_and_name_is_left_out(key: str, caplog: pytest.LogCaptureFixture) -> None:
    """A key is a DNS subdomain, a slash and a name."""
    annotations = AuditAnnotations()
    annotations.add(key, "1")
    assert len(annotations) == 0
    assert repr(key) in caplog.text


def test_annotation_of_a_higher_level_is_not_in_events_below_it() -> None:
    """A patch is part of the request, which events at level Metadata do not have."""
    annotations = AuditAnnotations()
    annotations.add("a.example.com/k", "1")
    annotations.add("a.example.com/patch", "2", level=Level.REQUEST)
    assert annotations.of(Level.METADATA) == {"a.example.com/k": "1"}
    assert annotations.of(Level.REQUEST_RESPONSE) == {"a.example.com/k": "1", "a.example.com/patch": "2"}
