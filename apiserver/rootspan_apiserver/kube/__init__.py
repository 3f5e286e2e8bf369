"""What every package shares: names of kinds and resources, `Status`, users, and Go's notations."""
