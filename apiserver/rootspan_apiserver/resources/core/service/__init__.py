"""Service (v1): what it is given, so that no two have the same."""
