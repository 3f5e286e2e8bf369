"""A simulated kube-apiserver that traces like the real one."""
