"""Tables of facts of the Kubernetes API that is served, in a notation of this project's own."""
