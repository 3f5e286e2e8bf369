"""The subresources that are more than a part of an object, one file each."""
