"""Which node a user is.

Upstream: pkg/auth/nodeidentifier/default.go
"""

from rootspan_apiserver.kube.users import User

NODES = "system:nodes"
PREFIX = "system:node:"


def node_name(user: User) -> str | None:
    """Return the name of the node that a user is, "" for one without a name, None for a user that is no node."""
    if not user.name.startswith(PREFIX) or NODES not in user.groups:
        return None
    return user.name.removeprefix(PREFIX)
