"""The admission plugins of kube-apiserver, one file each."""
