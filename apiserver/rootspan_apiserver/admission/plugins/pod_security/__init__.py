"""PodSecurity: the pod security standards, by labels of the namespace. `checks` has the rules of the levels, `plugin.py` applies them."""
