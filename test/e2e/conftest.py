"""Fixtures of the end-to-end suite: scratch roots, and the real server that serves them."""

from __future__ import annotations

import os
import resource
import shutil
import sys
import tempfile
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.dont_write_bytecode = True

import servers  # noqa: E402
from servers import Certificate  # noqa: E402
from conformance import content  # noqa: E402

# Servers inherit this limit: ten thousand connections need that many descriptors on each side.
_, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def pytest_collection_modifyitems(items):
    """Says which tests one process runs, if several run them (--dist loadgroup): those of a file share its servers. The tests of
    a file that is marked `apart` start their own, and wait long: they run anywhere."""
    for item in items:
        group = item.nodeid if item.get_closest_marker("apart") else item.path.name
        item.add_marker(pytest.mark.xdist_group(group))


@pytest.fixture(scope="session")
def scratch():
    """A folder that every user may enter, so that a server without privileges can be started on it."""
    folder = Path(tempfile.mkdtemp(prefix="portico-e2e-"))
    os.chmod(folder, 0o755)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def root(scratch):
    """root("plain") is the folder of that name from conformance.content, created once."""
    made: dict[str, Path] = {}

    def of(which: str) -> Path:
        if which not in made:
            made[which] = content.build(scratch, which)
        return made[which]
    return of


@pytest.fixture(scope="session")
def certificate(scratch) -> Certificate:
    """A self-signed certificate for localhost, 127.0.0.1 and *.example.org."""
    return servers.make_certificate(scratch, "localhost", ["DNS:localhost", "IP:127.0.0.1", "DNS:*.example.org"])


@pytest.fixture(scope="session")
def server(root):
    """server(root_name, options) is a running server with these options, started once per combination."""
    running: dict[tuple, object] = {}

    def of(which: str = "plain", options: tuple[str, ...] = ()):
        if (which, options) not in running:
            try:
                running[which, options] = servers.start(root(which), options)
            except servers.CannotServe as reason:
                running[which, options] = reason
        found = running[which, options]
        if isinstance(found, servers.CannotServe):
            pytest.skip(str(found))
        if found.process.poll() is not None:
            said = "".join(getattr(found, "printed", []))
            pytest.fail(f"the server died: exit status {found.process.returncode}\n{said}")
        return found
    yield of
    for one in running.values():
        if not isinstance(one, servers.CannotServe):
            one.stop()


@pytest.fixture
def own_server(root):
    """Starts servers that only this test uses, and that it may stop, kill or exhaust."""
    started = []

    def start(which_or_folder: str | Path = "plain", options: tuple[str, ...] = (), **popen):
        folder = root(which_or_folder) if isinstance(which_or_folder, str) else which_or_folder
        try:
            started.append(servers.start(folder, options, **popen))
        except servers.CannotServe as reason:
            pytest.skip(str(reason))
        return started[-1]
    yield start
    for one in started:
        one.stop()
