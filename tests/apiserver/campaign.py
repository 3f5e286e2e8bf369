"""What a test that breaks things at random goes by."""

from dataclasses import dataclass
from random import Random


@dataclass(frozen=True, slots=True)
class Campaign:
    """`seconds` of trouble, made from `seed`; `is_long` in `python3 dev.py chaos`."""

    seconds: float
    seed: int
    is_long: bool

    def random(self, *purpose: object) -> Random:
        """Return numbers for one purpose: the same ones for the same seed."""
        return Random(f"{self.seed} {purpose}")
