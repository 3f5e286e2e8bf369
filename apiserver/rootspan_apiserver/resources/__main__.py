"""List the rules of a built-in kind: `python -m rootspan_apiserver.resources KIND`."""

import sys
from collections.abc import Iterator

from rootspan_apiserver.resources.builtin import definitions
from rootspan_apiserver.resources.definition import Definition
from rootspan_apiserver.rules.listing import listed


def listing(definition: Definition) -> Iterator[str]:
    """Yield the lines of the listing of a kind."""
    yield f"{definition.api_version} {definition.name}"
    yield "on create"
    yield from listed(definition.rules_on_create.describe(), "  ")
    for name in ("", *(part.name for part in definition.subresources if part.rules is not None)):
        yield f"on update of {name}" if name else "on update"
        yield from listed(definition.rules_through(name).describe(), "  ")


def main(arguments: list[str]) -> int:
    """Print the rules of the kinds that are named, by kind, plural or short name."""
    wanted = {argument.lower() for argument in arguments}
    found = [each for each in definitions() if wanted & {each.name.lower(), each.plural, *each.short_names}]
    for definition in found:
        print("\n".join(listing(definition)))
    if not found:
        print("usage: python -m rootspan_apiserver.resources KIND…", file=sys.stderr)
        print(f"kinds: {' '.join(sorted(each.name for each in definitions()))}", file=sys.stderr)
    return 0 if found else 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
