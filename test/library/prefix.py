"""The contents of an installed Portico, for the tests that check it."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from pathlib import Path


class Prefix:
    """A folder into which Portico has been installed."""

    def __init__(self, path: str):
        self.path = Path(path).resolve()
        self.include = self.path / "include"
        self.library = next(self.path.glob("lib*/**/libportico.so")).parent

    def headers(self) -> list[str]:
        """The public headers, as a program includes them."""
        return sorted(header.relative_to(self.include).as_posix() for header in (self.include / "portico").rglob("*.h"))

    def flags(self, kind: str) -> list[str]:
        """What a compiler needs for a program with the library of this kind, "shared" or "static", as pkg-config says."""
        # No other package is to be found: a program needs none besides ours.
        only_ours = {**os.environ, "PKG_CONFIG_LIBDIR": str(self.library / "pkgconfig"), "PKG_CONFIG_PATH": ""}
        options = ["--cflags", "--libs"] + (["--static"] if kind == "static" else [])
        flags = shlex.split(must("pkg-config", *options, "portico", env=only_ours))
        if kind == "shared":
            return [*flags, f"-Wl,-rpath,{self.library}"]
        return ["-l:libportico.a" if flag == "-lportico" else flag for flag in flags]


def run(*command: str | Path, **options) -> subprocess.CompletedProcess:
    """Runs a command and keeps its output; the caller checks its exit code."""
    return subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=250, **options)


def must(*command: str | Path, **options) -> str:
    """Runs a command that must succeed, and returns its output."""
    done = run(*command, **options)
    if done.returncode != 0:
        sys.exit(f"{' '.join(str(word) for word in command)}\n{done.stdout}{done.stderr}exit code {done.returncode}")
    return done.stdout


def end(wrongs: list[str], said: str) -> None:
    """Ends a check: prints each mistake on a line, or what is in order."""
    print("\n".join(wrongs) if wrongs else said)
    sys.exit(1 if wrongs else 0)
