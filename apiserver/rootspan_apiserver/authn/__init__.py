"""Who makes a request: the authenticators of kube-apiserver, one file each."""
