"""The controllers that make the server a cluster: deleted namespaces are emptied, dependents are deleted with their owners, and every
namespace has what pods need.

Controllers observe changes through the watch cache, in the process, so that an idle server does nothing; they act as clients of the
server, through its own API.
"""

from rootspan_apiserver.controllers.electing import once_elected
from rootspan_apiserver.controllers.running import Settled, controller_faults, running_controllers
from rootspan_apiserver.controllers.system_objects import ServerFacts

__all__ = ["ServerFacts", "Settled", "controller_faults", "once_elected", "running_controllers"]
