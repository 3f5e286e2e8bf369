"""Two admission webhooks to look at: a service of its own, with spans of its own, that knows the API server only over HTTPS."""
