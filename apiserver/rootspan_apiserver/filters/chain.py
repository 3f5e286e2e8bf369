"""The request path, in one function.

Upstream: staging/src/k8s.io/apiserver/pkg/server/config.go (DefaultBuildHandlerChain)
"""

from rootspan_apiserver.authn.authenticator import Authenticator
from rootspan_apiserver.authz.authorizer import Authorizer
from rootspan_apiserver.dialects.dialect import Dialect
from rootspan_apiserver.dialects.versions import DEFAULT
from rootspan_apiserver.filters.audit import Audit, RefusalAudit
from rootspan_apiserver.filters.auditor import Auditor
from rootspan_apiserver.filters.authentication import Authentication
from rootspan_apiserver.filters.authorization import Authorization
from rootspan_apiserver.filters.deadline import Deadline
from rootspan_apiserver.filters.exchange import Exchange
from rootspan_apiserver.filters.impersonation import Impersonation
from rootspan_apiserver.filters.max_in_flight import MaxInFlight
from rootspan_apiserver.filters.panic import PanicRecovery
from rootspan_apiserver.filters.priority_and_fairness import PriorityAndFairness
from rootspan_apiserver.flow_control.flow_controller import FlowController
from rootspan_apiserver.http.limits import Limits
from rootspan_apiserver.kube.asgi import ASGIApp
from rootspan_apiserver.resources.catalogue import Registry
from rootspan_apiserver.telemetry.metrics import Metrics
from rootspan_apiserver.telemetry.tracing import Tracing


def chain(
    app: ASGIApp,
    *,
    authenticator: Authenticator,
    authorizer: Authorizer,
    registry: Registry,
    tracing: Tracing,
    metrics: Metrics,
    auditor: Auditor | None = None,
    flow: FlowController | None = None,
    limits: Limits = Limits(),  # noqa: B008 - frozen
    dialect: Dialect = DEFAULT,
) -> ASGIApp:
    """Put `app` behind all filters; the last one named is the first that a request meets.

    Without `flow` only the number of requests in flight is limited.
    """
    app = Authorization(app, authorizer, metrics.access)
    app = _limited(app, flow, metrics, limits)
    app = Impersonation(app, authorizer, metrics.impersonation)
    app = Audit(app, auditor)
    app = Authentication(app, authenticator, metrics.access)
    app = Deadline(app, limits.request_timeout)
    if auditor is not None:
        app = RefusalAudit(app, auditor)
    app = PanicRecovery(app)
    return Exchange(app, registry=registry, tracing=tracing, metrics=metrics, body_limit=limits.body, dialect=dialect)


def _limited(app: ASGIApp, flow: FlowController | None, metrics: Metrics, limits: Limits) -> ASGIApp:
    if flow is None:
        return MaxInFlight(app, metrics, limits)
    return PriorityAndFairness(app, flow, metrics, limits.request_timeout)
