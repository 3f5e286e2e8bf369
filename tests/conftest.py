import random
import signal

import pytest

pytest_plugins = ["pytester"]


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


def pytest_addoption(parser: pytest.Parser) -> None:
    """The options of the tests that break things at random."""
    group = parser.getgroup("chaos")
    group.addoption("--chaos-seconds", type=float, default=60.0, help="how long each test marked `chaos` breaks things")
    group.addoption(
        "--seed", type=int, help="the seed of all that is random; by default 1, and another each time with -m chaos"
    )


def pytest_configure(config: pytest.Config) -> None:
    """From now on Ctrl-C interrupts the tests in order. Until here, where dev.py has started pytest, it ends the process."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_DFL:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    option = config.option
    if option.seed is None:  # before pytest-xdist passes the options on to its workers
        option.seed = random.SystemRandom().randrange(1 << 32) if option.markexpr == "chaos" else 1


def pytest_report_header(config: pytest.Config) -> str:
    """Show the seed, so that a failure can be run again."""
    return f"seed: {config.option.seed} (the same again: --seed={config.option.seed})"
