#!/usr/bin/env python3
"""Checks the installed files besides headers: the program, its manual and completions, the library's names and version.

usage: check_installed.py PREFIX
"""

from __future__ import annotations

import re
import sys

from prefix import Prefix, end, must

FILES = ["bin/portico", "share/man/man1/portico.1", "share/bash-completion/completions/portico",
         "share/zsh/site-functions/_portico", "share/fish/vendor_completions.d/portico.fish", "include/portico/version.h"]


def main() -> None:
    prefix = Prefix(sys.argv[1])
    wrongs = [f"{file} is not installed, or is empty" for file in FILES
              if not (prefix.path / file).is_file() or not (prefix.path / file).read_bytes()]
    version = re.search(r'VERSION_STRING "([\d.]+)"', (prefix.include / "portico/version.h").read_text())[1]
    major = version.split(".")[0]

    # libportico.so (used when linking programs) → .so.0 (used when loading them) → .so.0.1.0
    library = prefix.library / "libportico.so"
    dynamic = must("readelf", "--wide", "--dynamic", library)
    if f"soname: [libportico.so.{major}]" not in dynamic:
        wrongs.append(f"the library's SONAME is not libportico.so.{major}")
    if "RUNPATH" in dynamic or "RPATH" in dynamic:
        wrongs.append("the library has a path of the machine it was built on")
    if library.resolve().name != f"libportico.so.{version}":
        wrongs.append(f"libportico.so leads to {library.resolve().name}, not to version {version}")
    sections = must("readelf", "--wide", "--sections", prefix.library / "libportico.a")
    if ".gnu.lto_" in sections:
        wrongs.append("libportico.a holds what only this very compiler can read")

    said = must(prefix.path / "bin/portico", "--version").strip()
    if said != f"portico {version}":
        wrongs.append(f"the program is {said}, version.h says {version}")
    private = [header for header in prefix.headers() if re.search(r"_for_test\.h$|/(sim_|epoll_calls|helper_threads)", header)]
    wrongs += [f"{header} is nobody's business, and installed" for header in private]
    end(wrongs, f"portico {version}, whole")


if __name__ == "__main__":
    main()
