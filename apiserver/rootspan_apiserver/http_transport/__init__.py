"""The transports of the clients that the server calls often: etcd's and its own."""
