"""What an installed Portico consists of, for the tests that look at it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path


class Prefix:
    """A folder that Portico has been installed into."""

    def __init__(self, path: str):
        self.path = Path(path).resolve()
        self.include = self.path / "include"
        self.library = next(self.path.glob("lib*/**/libportico.so")).parent

    def headers(self) -> list[str]:
        """The public headers, as one includes them."""
        return sorted(header.relative_to(self.include).as_posix() for header in (self.include / "portico").rglob("*.h"))


def run(*command: str | Path, **options) -> subprocess.CompletedProcess:
    """Runs a command, whose output is kept; the caller looks at its exit code."""
    return subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=250, **options)


def must(*command: str | Path, **options) -> str:
    """Runs a command that has to succeed, and returns its output."""
    done = run(*command, **options)
    if done.returncode != 0:
        sys.exit(f"{' '.join(str(word) for word in command)}\n{done.stdout}{done.stderr}exit code {done.returncode}")
    return done.stdout


def end(wrongs: list[str], said: str) -> None:
    """The exit of a check: each wrong on a line, or what is in order."""
    print("\n".join(wrongs) if wrongs else said)
    sys.exit(1 if wrongs else 0)
