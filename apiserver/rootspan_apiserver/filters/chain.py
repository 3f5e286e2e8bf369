"""The request path, in one function."""

from rootspan_apiserver.filters.audit import Audit
from rootspan_apiserver.filters.authentication import Authentication
from rootspan_apiserver.filters.authorization import Authorization
from rootspan_apiserver.filters.deadline import Deadline
from rootspan_apiserver.filters.exchange import Exchange
from rootspan_apiserver.filters.impersonation import Impersonation
from rootspan_apiserver.filters.panic import PanicRecovery
from rootspan_apiserver.filters.priority_and_fairness import PriorityAndFairness
from rootspan_apiserver.http.parts import Parts
from rootspan_apiserver.http.request import ASGIApp


def chain(app: ASGIApp, parts: Parts) -> ASGIApp:
    """`app` behind all filters; the last one named is the first a request meets."""
    app = Authorization(app, parts)
    app = PriorityAndFairness(app, parts)
    app = Impersonation(app, parts)
    app = Audit(app, parts)
    app = Authentication(app, parts)
    app = Deadline(app, parts)
    app = PanicRecovery(app)
    return Exchange(app, parts)
