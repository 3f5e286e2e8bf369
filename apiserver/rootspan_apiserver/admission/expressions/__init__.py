"""CEL expressions in admission: what they see of a request, how they are evaluated, match conditions."""
