"""What a PATCH does to an object: JSON Patch, JSON Merge Patch, and Kubernetes' strategic merge patch."""
