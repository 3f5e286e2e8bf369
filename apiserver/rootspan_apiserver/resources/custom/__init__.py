"""Custom resources: what a CustomResourceDefinition says, made into resources like the built-in ones."""

from rootspan_apiserver.resources.custom.definitions import accepted_status, resources_of
from rootspan_apiserver.resources.custom.serving import ServedDefinitions

__all__ = ["ServedDefinitions", "accepted_status", "resources_of"]
