"""The verbs of the API on stored objects, the same for every resource."""
