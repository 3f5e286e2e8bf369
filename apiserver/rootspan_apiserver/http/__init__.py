"""Requests and responses: what is read of a request, negotiation, and what is written."""
