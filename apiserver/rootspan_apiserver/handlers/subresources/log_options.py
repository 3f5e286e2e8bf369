"""The parameters of a request for the log of a pod (`PodLogOptions`).

Upstream: pkg/apis/core/validation/validation.go (ValidatePodLogOptions), pkg/registry/core/pod/rest/log.go
"""

from collections.abc import Iterator

from rootspan_apiserver.http.request import Request, integer
from rootspan_apiserver.kube.status import FieldError, bad_request, invalid
from rootspan_apiserver.kube.times import read_time

_NUMBERS = ("sinceSeconds", "tailLines", "limitBytes")


def check_log_options(request: Request, name: str) -> None:
    """
    Raises:
        StatusError: 400, a number or a time cannot be read; 422, one of them is out of range, or `stream` is given, whose gate
            PodLogsQuerySplitStreams is off.
    """
    numbers = {key: integer(key, text) for key in _NUMBERS if (text := request.parameter(key)) is not None}
    since = request.parameter("sinceTime")
    if since:
        try:
            read_time(since)
        except ValueError as error:
            raise bad_request(str(error)) from error
    if problems := list(_problems(numbers, since=bool(since), stream=request.parameter("stream") is not None)):
        raise invalid("", "PodLogOptions", name, problems)


def _problems(numbers: dict[str, int], *, since: bool, stream: bool) -> Iterator[FieldError]:
    if (lines := numbers.get("tailLines", 0)) < 0:
        yield FieldError.invalid("tailLines", lines, "must be greater than or equal to 0")
    if (size := numbers.get("limitBytes", 1)) < 1:
        yield FieldError.invalid("limitBytes", size, "must be greater than 0")
    seconds = numbers.get("sinceSeconds")
    if seconds is not None and since:
        # Upstream makes a path of the empty name, which is written so.
        yield FieldError.forbidden("[]", "at most one of `sinceTime` or `sinceSeconds` may be specified")
    elif seconds is not None and seconds < 1:
        yield FieldError.invalid("sinceSeconds", seconds, "must be greater than 0")
    if stream:
        yield FieldError.forbidden("stream", "may not be specified")
