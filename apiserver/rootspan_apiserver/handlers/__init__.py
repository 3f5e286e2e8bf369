"""What answers a request that has passed the filters: one module a verb."""
