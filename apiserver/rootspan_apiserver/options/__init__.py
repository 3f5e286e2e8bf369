"""The flags of `rootspan apiserver`: their syntax, their meaning, and feature gates."""
