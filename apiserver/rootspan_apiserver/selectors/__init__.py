"""Label and field selectors: read from a query or from an object, matched against labels and fields."""

from .fields import FieldSelector
from .labels import LabelSelector, Requirement

__all__ = ["FieldSelector", "LabelSelector", "Requirement"]
