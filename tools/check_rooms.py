#!/usr/bin/env python3
"""Checks the rooms against docs/rooms.md: what a file of a room may include and name, and how it begins.

usage: check_rooms.py [REPOSITORY]

Prints one line for each mistake and exits with 1, or prints how many files are in order.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

from check_sizes import NO_CODE

# What each room may include besides itself. CMakeLists.txt links by the same table, and is checked against it below.
ROOMS: dict[str, set[str]] = {
    "base": set(),
    "http": {"base"},
    "wire": {"base", "http"},
    "io": {"base"},
    "tls": {"base", "io"},
    "link": {"base", "http", "wire", "io", "tls"},
    "route": {"base", "http", "io", "link"},
    "handler": {"base", "http", "io", "link", "route"},
    "acme": {"base", "http", "io", "tls", "link", "route"},
    "services": {"base", "io", "tls", "link"},
    "server": {"base", "http", "io", "tls", "link", "route", "acme", "services"},
    "config": {"base", "http", "io", "tls", "link", "route", "handler", "acme", "services", "server"},
}
ROOMS["embed"] = {"base", "http", "wire", "io", "tls", "link", "route", "handler", "services", "server", "acme"}
ROOMS["cli"] = {"base"}
ROOMS["app"] = set(ROOMS)

# The headers that programs include are not in a room's folder. Each may include what the room named here may include.
FACE = {"portico/portico.h": "embed", "portico/json.h": "embed", "portico/testing.h": "embed", "portico/version.h": "base"}

PURE = {"base", "http", "wire", "cli"}

# Headers through which a pure room could reach the kernel or another thread. <sys/uio.h> is allowed, because it only
# declares a struct, and so is <chrono>, for its types. A pure room must not call now(): CLOCK finds such calls.
KERNEL_HEADERS = re.compile(
    r"(sys/(?!uio\.h|types\.h).*|netinet/.*|arpa/.*|linux/.*|net/.*|unistd\.h|fcntl\.h|poll\.h|netdb\.h|signal\.h"
    r"|pthread\.h|thread|mutex|condition_variable|filesystem|fstream|random|semaphore|future|shared_mutex)")
CLOCK = re.compile(r"\b(?:system|steady|high_resolution|utc)_clock::now\s*\(")

# In the other rooms, only room io calls the kernel, reads a clock or draws random numbers: what a core does runs on the
# simulated kernel too. Locks do not count, nor does starting a thread by room io. The program's commands do as they like.
CALLING_HEADERS = re.compile(r"(sys/(?!uio\.h|types\.h).*|netinet/.*|arpa/.*|linux/.*|net/.*|unistd\.h|fcntl\.h|poll\.h"
                             r"|netdb\.h|pthread\.h|filesystem|fstream|random)")
CALLS = re.compile(r"\b(?:\w+_clock::now|RAND_(?:priv_)?bytes|crypt_gensalt\w*|getrandom|fprintf|fputs|fwrite)\s*\(")
MAY_CALL = {"io", "app"}

# The exceptions, and why they are right. docs/rooms.md names them, and the list only shrinks.
CALLERS = {
    "portico/acme/folder_store.cc": "helper threads read and write the folder",
    "portico/embed/middleware.cc": "log_to() writes to the stream that the program has given",
    "portico/embed/server.cc": "no core runs yet",
    "portico/embed/tcp_server.cc": "no core runs yet",
    "portico/embed/tell.cc": "only names standard error, to which room io writes",
    "portico/embed/test_client.cc": "for tests: makes certificates before there is a core, and says why it ends the test",
    "portico/route/password.cc": "libxcrypt draws the salt of a new hash: for a command, or for a program's new user",
    "portico/server/access_log.cc": "the log's writer is a thread that belongs to no core",
    "portico/server/certificates.cc": "no core runs yet, or it is the thread that watches the files",
    "portico/server/local_authority.cc": "no core runs yet, or it is the thread that watches the files",
    "portico/server/server_certificates.cc": "no core runs yet, or it is the thread that watches the files",
    "portico/server/ticket_keys.cc": "no core runs yet, or it is the thread that watches the files",
    "portico/tls/making.cc": "serial numbers of certificates: OpenSSL draws random numbers",
    "portico/tls/server_context.cc": "OpenSSL asks in the middle of a handshake whether to accept early data",
    "portico/tls/ticket_keys.cc": "keys and initial values of tickets: OpenSSL draws random numbers",
}

# A public header may include only the headers of C++ and the system, and no other library's.
SYSTEM_HEADERS = re.compile(r"[a-z_0-9]+|(sys|netinet|arpa|linux|net)/[a-z_0-9./]+"
                            r"|(unistd|fcntl|poll|netdb|signal|errno|string|stdint|stddef|time|immintrin)\.h")

# In the comment at the beginning of a room's first file.
MAY_USE = re.compile(r"^// May use: +([^\n]*)", re.MULTILINE)
INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*(?:"([^"]+)"|<([^>]+)>)', re.MULTILINE)

# What room wire defines. The headers of room link declare some of it, but a room that may not include room wire may not
# name it either: what it knows of a version of HTTP is what room link says, in words of its own.
WIRE = re.compile(r"\b(?:h1|h2|hpack|websocket)::\w+")


def room_of(path: str) -> str | None:
    parts = path.split("/")
    return parts[1] if len(parts) > 2 and parts[0] == "portico" else None


# A header of a room's own, which may include another library's headers. Only .cc files and such headers include it.
PRIVATE = {"portico/tls/secrets.h", "portico/tls/credentials_parts.h", "portico/tls/ticket_keys_parts.h",
           "portico/tls/staple_parts.h", "portico/tls/making.h", "portico/tls/watching.h"}


def is_proof(path: str) -> bool:
    return re.search(r"_(test|fuzz|bench)\.cc$|_for_test\.h$", path) is not None


def wrongs_of_include(path: str, room: str, ours: str, system: str) -> list[str]:
    if system:
        if system.startswith("portico/"):
            return [f"{path}: write #include \"{system}\", not <{system}>"]
        if path == "portico/json.h" and system == "nlohmann/json.hpp":
            return []  # that is the header's purpose
        if path.endswith(".h") and not is_proof(path) and path not in PRIVATE and not SYSTEM_HEADERS.fullmatch(system):
            return [f"{path}: <{system}> is a library's header: include it in a .cc file only"]
        if room in PURE and not is_proof(path) and KERNEL_HEADERS.fullmatch(system):
            return [f"{path}: <{system}> in the pure room {room}"]
        return []
    included = room_of(ours) or FACE.get(ours)
    if included is None:
        return [f"{path}: \"{ours}\" must be written from the top, as portico/ROOM/FILE.h"]
    if included not in ROOMS:
        return [f"{path}: includes {ours}, and there is no room {included}"]
    if included != room and included not in ROOMS[room]:
        return [f"{path}: room {room} may not include room {included} ({ours})"]
    if ours in PRIVATE and not (included == room and (path.endswith(".cc") or path in PRIVATE or is_proof(path))):
        return [f"{path}: {ours} is for the .cc files of room {included} only"]
    return []


def calls(text: str) -> list[str]:
    """Returns what a file calls, or includes for calling, that belongs to room io."""
    included = [system for _, system in INCLUDE.findall(text) if CALLING_HEADERS.fullmatch(system)]
    return [f"<{system}>" for system in included] + [f"{call})" for call in CALLS.findall(NO_CODE.sub(" ", text))]


def wrongs_of_calls(path: str, room: str, text: str) -> list[str]:
    if room in PURE | MAY_CALL or is_proof(path):
        return []
    found = calls(text)
    if path in CALLERS:
        return [] if found else [f"{path}: calls nothing that belongs to room io: remove it from CALLERS"]
    return [f"{path}: {what} belongs to room io" for what in found]


def wrongs_of_file(path: str, text: str) -> list[str]:
    room = room_of(path) or FACE.get(path)
    if room not in ROOMS:
        return [f"{path}: there is no room {room}"]
    wrongs = []
    for ours, system in INCLUDE.findall(text):
        wrongs += wrongs_of_include(path, room, ours, system)
    wrongs += wrongs_of_calls(path, room, text)
    if not text.startswith("// ") or (not is_proof(path) and not text.startswith(f"// {path} — ")):
        wrongs.append(f"{path}: does not open with a comment that says what it is, \"// {path} — …\"")
    for uses in MAY_USE.findall(text):
        if uses != may_use(room):
            wrongs.append(f"{path}: room {room} may use: {may_use(room)}")
    if path.endswith(".h") and "#pragma once" not in text:
        wrongs.append(f"{path}: no #pragma once")
    code = NO_CODE.sub(" ", text)
    if room != "wire" and "wire" not in ROOMS[room]:
        wrongs += [f"{path}: room {room} may not name {name} of room wire" for name in sorted(set(WIRE.findall(code)))]
    if room in PURE and not is_proof(path) and CLOCK.search(code):
        wrongs.append(f"{path}: reads a clock in the pure room {room}")
    return wrongs


def may_use(room: str) -> str:
    """Returns what the first file of a room says after "May use:"."""
    if room == "app":
        return "all rooms."
    return ", ".join(used for used in ROOMS if used in ROOMS[room]) + "." if ROOMS[room] else "nothing of ours."


def wrongs_of_table(text: str) -> list[str]:
    """Checks that the table in docs/rooms.md is the same as ROOMS."""
    wrongs = []
    for room, uses in re.findall(r"^\| \[`(\w+)`\].* \| ([^|]*) \|$", text, re.MULTILINE):
        said = {"–": set(), "all": set(ROOMS) - {room}}.get(uses, set(uses.split()))
        if said != ROOMS.get(room):
            wrongs.append(f"docs/rooms.md: room {room} may not include exactly \"{uses}\"")
    return wrongs


def wrongs_of_cmake(text: str) -> list[str]:
    """Checks that the link table allows no more than ROOMS."""
    wrongs = []
    for found in re.finditer(r"^portico_(?:room|program)\((\w+)([^)]*)\)", text, re.MULTILINE):
        name, rest = found[1], found[2]
        room = re.search(r"\bROOM\s+(\w+)", rest)
        room = room[1] if room else name
        uses = re.search(r"\bUSES\s+((?:[a-z_]+\s*)+)", rest)
        used = set(uses[1].split()) if uses else set()
        if room not in ROOMS:
            wrongs.append(f"CMakeLists.txt: there is no room {room}")
        else:
            wrongs += [f"CMakeLists.txt: room {room} may not use room {extra}" for extra in sorted(used - ROOMS[room])]
    return wrongs


def check(repository: Path) -> tuple[list[str], int]:
    files = sorted(path for path in (repository / "portico").rglob("*") if path.suffix in (".h", ".cc"))
    wrongs = []
    for file in files:
        wrongs += wrongs_of_file(file.relative_to(repository).as_posix(), file.read_text())
    cmake = repository / "CMakeLists.txt"
    if cmake.exists():
        wrongs += wrongs_of_cmake(cmake.read_text())
    table = repository / "docs/rooms.md"
    if table.exists():
        wrongs += wrongs_of_table(table.read_text())
    return wrongs, len(files)


def main() -> int:
    repository = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).resolve().parents[1]
    wrongs, count = check(repository)
    print("\n".join(wrongs) if wrongs else f"{count} files in {len(ROOMS)} rooms include and name only what they may")
    return 1 if wrongs or count == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
