import pytest

from tests.apiserver.campaign import Campaign

SHORT = 1.5
"""Seconds of trouble in the ordinary run."""


@pytest.fixture(params=["short", pytest.param("long", marks=pytest.mark.chaos)])
def campaign(request: pytest.FixtureRequest) -> Campaign:
    """What a test that breaks things at random goes by: shortly in the ordinary run, for long in `python3 dev.py chaos`."""
    option = request.config.option
    is_long = request.param == "long"
    return Campaign(option.chaos_seconds if is_long else SHORT, option.seed, is_long)
