"""The flags of the commands, and what they mean."""
