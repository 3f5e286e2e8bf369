"""Resource quotas: what an object counts for, by resource, and whether that would exceed the quotas of its namespace.

The plugin ResourceQuota and the controller of quotas share it.
"""
