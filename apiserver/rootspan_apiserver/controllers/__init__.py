"""What keeps a cluster's own promises: namespaces end, owners take their dependents along, every namespace has what pods need.

Controllers see changes through the watch cache, in process, so that an idle server does nothing; what they do about them they do as clients
of the server, by the front door.
"""

from rootspan_apiserver.controllers.running import Settled, controller_faults, running_controllers

__all__ = ["Settled", "controller_faults", "running_controllers"]
