"""kubectl as a process: a version, a server, a namespace."""

import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PATIENCE = 30.0


@dataclass(frozen=True, slots=True)
class Kubectl:
    """`version` is a pair of numbers, `home` a folder for what it keeps of the server."""

    binary: Path
    version: tuple[int, int]
    kubeconfig: Path
    namespace: str
    home: Path

    def __call__(self, *arguments: str, status: int = 0, stdin: Any = "", env: dict[str, str] | None = None) -> str:
        """What it says on both channels. Raises AssertionError if it ends with another status."""
        answer = subprocess.run(
            [str(self.binary), f"--namespace={self.namespace}", *arguments],
            input=stdin if isinstance(stdin, str) else json.dumps(stdin),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=PATIENCE,
            check=False,
            env={
                **os.environ,
                "KUBECONFIG": str(self.kubeconfig),
                "HOME": str(self.home),
                **(env or {}),
            },
        )
        assert answer.returncode == status, f"kubectl {' '.join(arguments)}: {answer.returncode}: {answer.stdout}"
        return answer.stdout

    def get(self, *arguments: str) -> Any:
        """The object or the list that `kubectl get … -o json` prints."""
        return json.loads(self("get", *arguments, "-o", "json"))

    def value(self, path: str, *arguments: str) -> str:
        """What a JSON path leads to in an object."""
        return self("get", *arguments, "-o", f"jsonpath={{{path}}}")
