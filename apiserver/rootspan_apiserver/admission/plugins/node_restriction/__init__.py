"""NodeRestriction: a node writes its own objects, and those of the pods that run on it."""
