"""The listing of the rules of a kind."""

from pathlib import Path

import pytest

from rootspan_apiserver.resources.__main__ import main

LISTING = Path(__file__).with_name("rules.txt")
KINDS = ("poddisruptionbudget", "configmaps", "Lease")


def test_listing_is_that_of_the_golden_file(capsys: pytest.CaptureFixture[str]) -> None:
    """Every rule of a kind stands in its listing; a change of the rules shows as a change of the file."""
    for kind in KINDS:
        assert main([kind]) == 0
    assert capsys.readouterr().out == LISTING.read_text(encoding="utf-8")


def test_kind_is_found_by_its_short_name(capsys: pytest.CaptureFixture[str]) -> None:
    """As in kubectl."""
    assert main(["hpa"]) == 0
    assert capsys.readouterr().out.startswith("autoscaling/v2 HorizontalPodAutoscaler\non create\n")


def test_unknown_kind_is_answered_with_usage(capsys: pytest.CaptureFixture[str]) -> None:
    """The usage names the kinds that there are."""
    assert main(["gadget"]) == 2
    assert "ConfigMap" in capsys.readouterr().err
