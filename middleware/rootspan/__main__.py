"""The `rootspan` command. What it runs lives in the simulated kube-apiserver, which the extra `apiserver` installs."""

import sys


def main() -> int:
    """Run the command line; without the extra, say how to get it. Returns the exit status."""
    try:
        from rootspan_apiserver.cli import run

        return run(sys.argv[1:])
    except ModuleNotFoundError as missing:
        print(f"rootspan: {missing.name} is missing: pip install 'rootspan[apiserver]'", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
