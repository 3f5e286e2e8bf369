"""What the spans of an emulated version look like: one object a version."""
