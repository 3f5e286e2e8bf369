"""What a user may do: the authorization modes of kube-apiserver, one file each."""
