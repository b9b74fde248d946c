"""Files that clients send, over each version of HTTP, and by Chromium."""

from __future__ import annotations

import http.client
import os
import re
import resource
import signal
import subprocess
from base64 import b64encode
from hashlib import sha256

import pytest

import servers

pytestmark = pytest.mark.skipif(servers.chosen() != "portico", reason="Portico's own promise")


def send(address, method: str, target: str, content: bytes = b"", **fields: str) -> http.client.HTTPResponse:
    connection = http.client.HTTPConnection(*address, timeout=10)
    connection.request(method, target, content, {name.replace("_", "-"): value for name, value in fields.items()})
    response = connection.getresponse()
    response.content = response.read()
    connection.close()
    return response


def names(folder) -> set[str]:
    return set(os.listdir(folder))


def test_a_file_is_there_once_it_is_whole(own_server, tmp_path):
    (tmp_path / "sub").mkdir()
    address = own_server(tmp_path, ("--upload",)).address
    content = os.urandom(700_000)
    assert send(address, "GET", "/sub/a%20b.bin").status == 404
    assert send(address, "PUT", "/sub/a%20b.bin", content).status == 201
    assert send(address, "GET", "/sub/a%20b.bin").content == content
    assert b"a%20b.bin" in send(address, "GET", "/sub/").content
    assert send(address, "PUT", "/sub/a%20b.bin", b"other").status == 409
    assert send(address, "PUT", "/empty").status == 201
    assert (tmp_path / "sub" / "a b.bin").read_bytes() == content and names(tmp_path) == {"sub", "empty"}
    assert send(address, "DELETE", "/empty").status == 405


@pytest.mark.parametrize("target, fields, status", [
    ("/.env", {}, 403), ("/.git/config", {}, 403), ("/no/folder/x", {}, 404), ("/../x", {}, 400), ("/a%2Fb", {}, 404),
    ("/", {}, 400), ("/sub", {}, 409), ("/link/x", {}, 404), ("/" + "n" * 256, {}, 400), ("/a%0Ab", {}, 400),
    ("/x", {"Origin": "http://evil.example"}, 403), ("/x", {"Sec_Fetch_Site": "cross-site"}, 403),
    ("/x", {"Content_Encoding": "gzip"}, 415), ("/x", {"If_Match": "*"}, 412), ("/x", {"Content_Range": "bytes 1"}, 400),
    ("/x", {"Content_Range": "bytes 0-9/10"}, 400), ("/x", {"Content_Range": "bytes 0-2/2000"}, 413),
])
def test_refused_files_leave_nothing(own_server, tmp_path, target, fields, status):
    served = tmp_path / "served"
    (served / "sub").mkdir(parents=True)
    (served / "link").symlink_to(tmp_path)
    address = own_server(served, ("--upload", "--upload-max", "1k")).address
    assert send(address, "PUT", target, b"abc", **fields).status == status
    assert names(served) == {"sub", "link"} and names(tmp_path) == {"served"} and names(served / "sub") == set()


def test_a_file_that_is_too_large_or_cut_leaves_nothing(own_server, tmp_path):
    one = own_server(tmp_path, ("--upload", "--upload-max", "1k"))
    assert send(one.address, "PUT", "/x", b"x" * 1024).status == 201
    assert send(one.address, "PUT", "/y", b"y" * 1025).status == 413
    assert send(one.address, "PUT", "/y", iter([b"y" * 600, b"y" * 600])).status == 413
    connection = http.client.HTTPConnection(*one.address, timeout=10)
    connection.putrequest("PUT", "/z")
    connection.putheader("Content-Length", "1000")
    connection.endheaders(b"z" * 500)
    assert servers.wait_until(lambda: any(name.startswith(".portico-draft-") for name in names(tmp_path)))
    connection.close()
    assert servers.wait_until(lambda: names(tmp_path) == {"x"}), names(tmp_path)


def test_a_file_that_the_kernel_does_not_take_leaves_nothing(own_server, tmp_path):
    limit = 100_000  # of the size of any file

    def limited():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
    address = own_server(tmp_path, ("--upload",), preexec_fn=limited).address
    assert send(address, "PUT", "/x", b"x" * (limit + 1)).status == 413
    assert names(tmp_path) == set()


def test_a_file_replaces_another_only_if_asked(own_server, tmp_path):
    address = own_server(tmp_path, ("--upload", "--upload-overwrite")).address
    assert send(address, "PUT", "/x", b"one").status == 201
    assert send(address, "PUT", "/x", b"two").status == 204
    assert send(address, "PUT", "/x", b"three", If_None_Match="*").status == 409
    assert send(address, "GET", "/x").content == b"two"


def test_a_file_can_be_sent_in_parts(own_server, tmp_path):
    address = own_server(tmp_path, ("--upload",)).address

    def part(range_: str, content: bytes = b"", query: str = ""):
        answer = send(address, "PUT", "/whole" + query, content, Content_Range=f"bytes {range_}/10")
        return answer.status, answer.getheader("Upload-Offset")
    assert part("*") == (202, "0")
    assert names(tmp_path) == set()
    assert part("0-3", b"abcd") == (202, "4")
    assert part("*") == (202, "4")
    assert part("*", query="?modified=2") == (202, "0"), "another file of that name and size"
    assert part("5-6", b"xx") == (409, "4")
    assert send(address, "GET", "/whole").status == 404
    assert part("4-9", b"efghij") == (201, None)
    assert (tmp_path / "whole").read_bytes() == b"abcdefghij" and names(tmp_path) == {"whole"}
    assert part("0-3", b"abcd") == (409, None)


def form(**files: bytes) -> bytes:
    return b"".join(b'--b\r\nContent-Disposition: form-data; name="file"; filename="%s"\r\n\r\n%s\r\n'
                    % (name.encode(), content) for name, content in files.items()) + b"--b--\r\n"


def test_a_form_sends_files(own_server, tmp_path):
    address = own_server(tmp_path, ("--upload",)).address
    kind = {"Content_Type": "multipart/form-data; boundary=b"}
    sent = send(address, "POST", "/?sort=size", form(one=b"1" * 300_000, two=b"2"), **kind)
    assert (sent.status, sent.getheader("Location")) == (303, "/")
    assert (tmp_path / "one").read_bytes() == b"1" * 300_000 and (tmp_path / "two").read_bytes() == b"2"
    assert send(address, "POST", "/", form(one=b"again"), **kind).status == 409
    assert send(address, "POST", "/", form(**{"../x": b"again"}), **kind).status == 400
    assert send(address, "POST", "/", form(three=b"3")[:-8], **kind).status == 400
    assert send(address, "POST", "/", form(three=b"3"), Origin="http://evil.example", **kind).status == 403
    assert send(address, "POST", "/", b"x", Content_Type="text/plain").status == 415
    assert names(tmp_path) == {"one", "two"}


def test_a_form_has_limits(own_server, tmp_path):
    address = own_server(tmp_path, ("--upload", "--upload-max", "1k")).address
    kind = {"Content_Type": "multipart/form-data; boundary=b"}
    assert send(address, "POST", "/", form(large=b"x" * 1025), **kind).status == 413
    assert names(tmp_path) == set()
    assert send(address, "POST", "/", form(**{f"n{number}": b"x" for number in range(101)}), **kind).status == 413
    assert len(names(tmp_path)) == 100


@pytest.mark.parametrize("options", [("--http1.1",), ("--http2-prior-knowledge",)])
def test_curl_sends_a_file(own_server, tmp_path, options):
    source = tmp_path / "source"
    source.write_bytes(os.urandom(3_000_000))
    served = tmp_path / "served"
    served.mkdir()
    host, port = own_server(served, ("--upload",)).address
    subprocess.run(["curl", "-sSf", *options, "-T", str(source), f"http://{host}:{port}/"], check=True)
    assert (served / "source").read_bytes() == source.read_bytes()


@pytest.mark.parametrize("options, count", [((), 1), (("--upload",), 2)])
def test_a_page_runs_its_own_scripts_and_no_others(own_server, tmp_path, options, count):
    page = send(own_server(tmp_path, options).address, "GET", "/")
    policy = page.getheader("Content-Security-Policy")
    scripts = re.findall(rb"<script>(.*?)</script>", page.content, re.DOTALL)
    hashes = [f"'sha256-{b64encode(sha256(script).digest()).decode()}'" for script in scripts]
    assert len(scripts) == count and policy.split("script-src ")[1].split() == hashes
    assert "default-src 'none'" in policy and ("form-action 'self'" in policy) == bool(options)


def test_an_upload_needs_the_password(own_server, tmp_path):
    address = own_server(tmp_path, ("--upload", "--auth", f"ann:{servers.hash_of('secret')}")).address
    assert send(address, "PUT", "/x", b"x").status == 401
    assert send(address, "PUT", "/x", b"x", Authorization="Basic YW5uOnNlY3JldA==").status == 201
    assert names(tmp_path) == {"x"}
