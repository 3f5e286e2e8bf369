"""The kinds of authorization.k8s.io: questions about what a user may do, which are answered and not stored."""
