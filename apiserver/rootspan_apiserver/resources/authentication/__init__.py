"""The kinds of authentication.k8s.io: questions about who a user is, which are answered and not stored."""
