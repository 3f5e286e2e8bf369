"""The spans of each emulated version of kube-apiserver: one object and one file per version.

The rest of the server names no span: it says which operation it does (`operations`) and what happens on the way (`events`). The dialect
of the emulated version gives these their names, attribute keys and instrumentation scopes, and has the transports and the middleware
that make client and server spans. A new version is a file like `v1_36.py` and a line in `versions.py`.
"""
