"""What the resources of the API are."""
