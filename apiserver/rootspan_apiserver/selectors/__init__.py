"""Label and field selectors: read from a query or from an object, matched against labels and fields."""

from rootspan_apiserver.selectors.fields import FieldSelector
from rootspan_apiserver.selectors.labels import LabelSelector, shown_selector
from rootspan_apiserver.selectors.requirements import Requirement

__all__ = ["FieldSelector", "LabelSelector", "Requirement", "shown_selector"]
