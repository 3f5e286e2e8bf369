"""The commands of `rootspan`."""
