"""Folders as archives, unpacked by Python, unzip and tar."""

from __future__ import annotations

import io
import shutil
import socket
import subprocess
import tarfile
import zipfile

import pytest

import servers
from conformance.case import get, head
from exchange import ask

pytestmark = pytest.mark.skipif(servers.chosen() != "portico", reason="Portico's own promise")
OPTIONS = ("--archives",)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("archived")
    (path / "a" / "empty").mkdir(parents=True)
    (path / "a" / "größe \n.txt").write_bytes(b"odd name\n")
    (path / "a" / ("n" * 200)).write_bytes(b"long name\n")
    (path / "large.bin").write_bytes(bytes(range(256)) * 6000)
    (path / "none").touch()
    (path / ".hidden").write_bytes(b"no\n")
    return path


def expected(folder) -> dict[str, bytes | None]:
    return {"files/" + str(one.relative_to(folder)) + ("/" if one.is_dir() else ""):
            one.read_bytes() if one.is_file() else None
            for one in folder.rglob("*") if one.name != ".hidden"}


def test_a_zip_has_everything(own_server, folder, tmp_path):
    address = own_server(folder, OPTIONS).address
    answer = ask(address, get("/?download=zip"))
    assert answer.status == 200
    archive = zipfile.ZipFile(io.BytesIO(answer.content))
    assert archive.testzip() is None
    found = {name: None if name.endswith("/") else archive.read(name) for name in archive.namelist()}
    assert found == expected(folder) and archive.namelist() == sorted(archive.namelist())
    if shutil.which("unzip"):
        (tmp_path / "files.zip").write_bytes(answer.content)
        assert subprocess.run(["unzip", "-tqq", str(tmp_path / "files.zip")]).returncode == 0
    assert ask(address, head("/?download=zip"), "HEAD").status == 200


def test_a_tar_has_everything(own_server, folder, tmp_path):
    answer = ask(own_server(folder, OPTIONS).address, get("/?download=tar.zst"))
    assert answer.status == 200
    plain = subprocess.run(["zstd", "-dcq"], input=answer.content, capture_output=True, check=True).stdout
    archive = tarfile.open(fileobj=io.BytesIO(plain))
    found = {one.name + ("/" if one.isdir() else ""): archive.extractfile(one).read() if one.isfile() else None
             for one in archive.getmembers()}
    assert found == expected(folder)
    assert subprocess.run(["tar", "--list", "--file=-"], input=plain, capture_output=True).returncode == 0


def test_a_client_that_leaves_frees_its_archive(own_server, tmp_path):
    with open(tmp_path / "sparse.bin", "wb") as file:
        file.truncate(1 << 30)
    one = own_server(tmp_path, (*OPTIONS, "--threads", "1"))
    before = one.resident_kib()
    for _ in range(20):  # more than are sent at the same time
        with socket.create_connection(one.address, timeout=10) as client:
            client.sendall(get("/?download=zip"))
            assert client.recv(12) == b"HTTP/1.1 200"
            peak = one.resident_kib()
        assert servers.wait_until(lambda: ask(one.address, head("/?download=zip"), "HEAD").status == 200)
    assert servers.is_sanitized() or peak - before < 20_000
