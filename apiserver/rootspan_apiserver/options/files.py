"""The options that are paths of files."""

FILES = (
    "tls_cert_file",
    "tls_private_key_file",
    "client_ca_file",
    "requestheader_client_ca_file",
    "proxy_client_cert_file",
    "proxy_client_key_file",
    "token_auth_file",
    "etcd_cafile",
    "etcd_certfile",
    "etcd_keyfile",
)
"""Those that have to be readable at the start."""
