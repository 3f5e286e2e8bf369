"""Custom resources: a CustomResourceDefinition makes the definition of a kind at run time."""
