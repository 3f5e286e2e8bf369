"""A user's functions in the path of a request: what they raise never reaches it.

An application may choose names, attributes and trust by functions and methods of its own. They run for few requests only
(those that are sampled), so that a fault in one of them would break one request in ten thousand and no test. Whatever one of
them raises, or returns of a wrong type, is therefore logged, once for each function, and the default is used in its place.
"""

import inspect
import logging
from collections.abc import Callable
from typing import Generic, ParamSpec, TypeVar

_logger = logging.getLogger(__name__)

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")


class Hook(Generic[Arguments, Result]):
    """A function that can be called like the one it wraps, and never raises an `Exception` of its own.

    Args:
        function: The user's function.
        default: Called with the same arguments where `function` fails. It must not raise.
        returns: The types of a right result; `object` accepts any.
    """

    def __init__(
        self,
        function: Callable[Arguments, Result],
        default: Callable[Arguments, Result],
        returns: type | tuple[type, ...] = object,
    ) -> None:
        self._function = function
        self._default = default
        self._returns = returns
        self._reported = False

    def __call__(self, *args: Arguments.args, **kwargs: Arguments.kwargs) -> Result:
        try:
            result = self._function(*args, **kwargs)
            if isinstance(result, self._returns):
                return result
            if inspect.iscoroutine(result):
                result.close()  # an unawaited coroutine would warn as well
            raise TypeError(f"returned {type(result).__qualname__}")
        except Exception as error:
            self._report(error)
        return self._default(*args, **kwargs)

    def _report(self, error: Exception) -> None:
        if not self._reported:
            self._reported = True
            name = getattr(self._function, "__qualname__", repr(self._function))
            _logger.error(
                "%s failed, its default is used instead; this is logged once for each function", name, exc_info=error
            )
