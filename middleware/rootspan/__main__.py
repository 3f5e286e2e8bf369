"""The `rootspan` command. What it runs lives in the simulated kube-apiserver, which the extra `apiserver` installs."""

import signal
import sys


def main() -> int:
    """Run the command line; without the extra, or on Windows, say what is needed. Returns the exit status."""
    if sys.platform == "win32":
        print("rootspan: the API server and its tools run on Linux and macOS, not on Windows", file=sys.stderr)
        return 1
    # Until a command runs nothing is to be cleaned up: Ctrl-C ends the process at once, not as a KeyboardInterrupt amid the imports.
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    try:
        from rootspan_apiserver.cli.main import run

        return run(sys.argv[1:])
    except ModuleNotFoundError as missing:
        needed = "the command needs more than the library"
        print(f"rootspan: {needed}: {missing.name} is missing: pip install 'rootspan[apiserver]'", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
