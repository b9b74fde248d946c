"""script/install: which files it installs, and where, in a separate prefix."""

from __future__ import annotations

import fcntl
import os
import subprocess

import pytest

import servers

pytestmark = pytest.mark.release

FILES = ["bin/portico", "share/man/man1/portico.1", "share/bash-completion/completions/portico", "share/zsh/site-functions/_portico",
         "share/fish/vendor_completions.d/portico.fish"]


@pytest.fixture(autouse=True)
def alone():
    """cmake writes a list of files into the build folder, and one of these tests puts something else in its place: no two run at
    the same time."""
    with open(servers.portico_program().parent / "install_test.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def install(*words: str, **environment: str) -> subprocess.CompletedProcess:
    build = servers.portico_program().parent
    if not (build / "portico.1").exists():
        pytest.skip("only the program was built")
    return subprocess.run([servers.REPOSITORY / "script/install", *words], capture_output=True, text=True, timeout=60,
                          env={**os.environ, "PORTICO_BUILD": str(build), **environment})


def test_the_program_its_manual_and_completions_are_installed(tmp_path):
    done = install(str(tmp_path / "local"))
    assert done.returncode == 0, done.stderr
    for name in FILES:
        assert (tmp_path / "local" / name).stat().st_size > 0
        assert f"  {tmp_path}/local/{name}\n" in done.stdout
    assert not (tmp_path / "local/include").exists() and not (tmp_path / "local/lib").exists()
    assert f"{tmp_path}/local/bin is not on your PATH" in done.stderr
    ran = subprocess.run([tmp_path / "local/bin/portico", "--version"], capture_output=True, text=True, timeout=20)
    assert ran.returncode == 0 and ran.stdout.startswith("portico ")


def test_a_prefix_on_the_path_is_not_mentioned_again(tmp_path):
    done = install(str(tmp_path), PATH=f"{tmp_path}/bin:{os.environ['PATH']}")
    assert done.returncode == 0 and not done.stderr


def test_the_list_of_files_that_root_left_is_no_obstacle(tmp_path):
    manifest = servers.portico_program().parent / "install_manifest_program.txt"
    manifest.unlink(missing_ok=True)
    manifest.symlink_to(tmp_path / "missing" / "manifest")  # can't be written either, not even by root
    done = install(str(tmp_path / "local"))
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "local" / FILES[0]).exists()


def test_destdir_is_put_before_the_prefix(tmp_path):
    assert install("/usr/local", DESTDIR=str(tmp_path)).returncode == 0
    assert (tmp_path / "usr/local" / FILES[0]).exists()


@pytest.mark.parametrize("words", [["--help"], ["a", "b"], [""]], ids=str)
def test_a_wrong_command_line_is_refused(words):
    done = install(*words)
    assert done.returncode == 2 and "usage: script/install [PREFIX]" in done.stderr
