"""Audit: the policy that says what is recorded of a request, the events, and where they go: files and webhooks."""
