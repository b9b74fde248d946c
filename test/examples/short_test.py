"""The short examples: accounts, hello, json_api, seven_services, site_and_api, sse_hub, tcp_echo, udp_echo."""

import asyncio
import shutil
import socket
import subprocess
from pathlib import Path

import websockets

from example import TIME_MAX, ExampleTest, curl

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
ANYWHERE = "127.0.0.1:0"


class Hello(ExampleTest):
    def test_says_hello(self):
        hello = self.start("hello", ANYWHERE)
        answer = curl(hello.url)
        self.assertEqual((answer.status, answer.content), (200, "Hello from Portico\n"))
        self.assertEqual(answer.fields["content-type"], "text/plain; charset=utf-8")
        self.assertEqual(curl(hello.url + "/else").status, 404)
        refused = curl("--request", "DELETE", hello.url)
        self.assertEqual((refused.status, refused.fields["allow"]), (405, "GET, HEAD, OPTIONS"))

    def test_says_why_it_cannot_start(self):
        hello = self.start("hello", ANYWHERE)
        self.assertIn("Address already in use", self.cannot_start("hello", f"127.0.0.1:{hello.port}"))
        self.assertIn("nowhere", self.cannot_start("hello", "nowhere"))

    def test_ends_while_clients_are_connected(self):
        hello = self.start("hello", ANYWHERE)
        client = self.connect(hello.port)
        client.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        self.assertTrue(client.recv(1000).startswith(b"HTTP/1.1 200 OK\r\n"))
        self.assertEqual(hello.end(), 0)


class JsonApi(ExampleTest):
    def test_keeps_what_it_is_given(self):
        api = self.start("json_api", ANYWHERE)
        note = api.url + "/notes/7"
        self.assertEqual(curl(note).status, 404)
        put = curl("--request", "PUT", note, "--json", '{"text": "Grüße"}')
        self.assertEqual((put.status, put.json()), (200, {"text": "Grüße"}))
        got = curl(note)
        self.assertEqual((got.status, got.json(), got.fields["content-type"]), (200, {"text": "Grüße"}, "application/json"))
        self.assertEqual(curl("--request", "DELETE", note).status, 204)
        self.assertEqual(curl("--request", "DELETE", note).status, 404)

    def test_says_what_is_wrong(self):
        api = self.start("json_api", ANYWHERE)
        broken = curl("--request", "PUT", api.url + "/notes/7", "--json", '{\n  "text": oh }')
        self.assertEqual((broken.status, broken.content), (400, "the content is not JSON: line 2, column 11\n"))
        self.assertEqual(curl("--request", "PUT", api.url + "/notes/7", "--data", "x=1").status, 415)
        self.assertEqual(curl(api.url + "/notes/seven").status, 404)


class Accounts(ExampleTest):
    def test_knows_its_users_and_slows_down_those_who_guess(self):
        accounts = self.start("accounts", ANYWHERE)

        def post(path, password):
            return curl("--data-urlencode", "user=ada", "--data-urlencode", f"password={password}", accounts.url + path)

        self.assertEqual(post("/register", "short").status, 422)
        self.assertEqual(post("/register", "correct horse").status, 201)
        self.assertEqual(post("/login", "wrong horse").status, 403)
        login = post("/login", "correct horse")
        self.assertEqual((login.status, login.content), (200, "Hello, ada\n"))
        cookie = login.fields["set-cookie"].split(";")[0]
        me = curl("--cookie", cookie, accounts.url + "/me")
        self.assertEqual((me.status, me.content), (200, "You are ada\n"))
        self.assertEqual(curl("--cookie", cookie + "x", accounts.url + "/me").status, 403)
        logout = curl("--cookie", cookie, "--data", "", accounts.url + "/logout")
        self.assertTrue(logout.fields["set-cookie"].startswith("session=; Path=/; Max-Age=0;"))
        guesses = [post("/login", f"wrong horse {i}") for i in range(8)]  # a slow machine may earn a few more tries
        self.assertEqual({guess.status for guess in guesses}, {403, 429})
        self.assertLessEqual(int(guesses[-1].fields.get("retry-after", "0")), 12)


class SseHub(ExampleTest):
    def test_tells_everybody_what_anybody_says(self):
        hub = self.start("sse_hub", ANYWHERE)
        clients = [self.connect(hub.port) for _ in range(2)]
        streams = [client.makefile("rb") for client in clients]
        for client, stream in zip(clients, streams):
            client.sendall(b"GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n")
            while not stream.readline().startswith(b":"):  # the first heartbeat: it has subscribed
                pass
        self.assertEqual(curl("--data", "text=hello", hub.url + "/say").status, 204)
        self.assertEqual(curl("--data", "text=", hub.url + "/say").status, 400)
        for stream in streams:
            while stream.readline().rstrip() != b"data: hello":
                pass
        self.assertIn("EventSource", curl(hub.url).content)
        self.assertEqual(hub.end(), 0)


class SiteAndApi(ExampleTest):
    def test_serves_files_and_a_function(self):
        shutil.copytree(EXAMPLES / "public", self.folder / "public")
        site = self.start("site_and_api", ANYWHERE, folder=self.folder)
        page = curl(site.url)
        self.assertEqual((page.status, page.fields["content-type"]), (200, "text/html; charset=utf-8"))
        self.assertEqual(page.content, (EXAMPLES / "public/index.html").read_text())
        self.assertEqual([curl(site.url + "/api/visits").content for _ in range(3)], ["1", "2", "3"])
        self.assertEqual(curl("--header", f"If-None-Match: {page.fields['etag']}", site.url).status, 304)
        self.assertEqual(curl("--path-as-is", site.url + "/../short_test.py").status, 400)
        self.assertEqual(curl(site.url + "/nothing").status, 404)

    def test_says_that_there_is_no_folder(self):
        self.assertIn("public", self.cannot_start("site_and_api", ANYWHERE))


class TcpEcho(ExampleTest):
    def test_echoes_to_nc(self):
        echo = self.start("tcp_echo", ANYWHERE)
        text = "".join(f"line {number}\n" for number in range(5000))
        done = subprocess.run(["nc", "-N", "127.0.0.1", str(echo.port)], input=text, capture_output=True, text=True, timeout=TIME_MAX)
        self.assertEqual(done.stdout, text)

    def test_echoes_on_a_unix_socket_too(self):
        self.start("tcp_echo", f"unix:{self.folder}/echo")
        done = subprocess.run(["socat", "-t5", "-", f"UNIX-CONNECT:{self.folder}/echo"], input="hello\n", capture_output=True,
                              text=True, timeout=TIME_MAX)
        self.assertEqual(done.stdout, "hello\n")

    def test_ends_while_clients_are_connected(self):
        echo = self.start("tcp_echo", ANYWHERE)
        client = self.connect(echo.port)
        client.sendall(b"x")
        self.assertEqual(client.recv(10), b"x")
        self.assertEqual(echo.end(), 0)
        self.assertEqual(client.recv(10), b"")


class UdpEcho(ExampleTest):
    def test_echoes_each_datagram(self):
        echo = self.start("udp_echo", ANYWHERE)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
            client.settimeout(TIME_MAX)
            for datagram in (b"hello", b"", bytes(range(256)) * 30):
                client.sendto(datagram, ("127.0.0.1", echo.port))
                self.assertEqual(client.recv(65536), datagram)

    def test_echoes_to_socat(self):
        echo = self.start("udp_echo", ANYWHERE)
        done = subprocess.run(["socat", "-t2", "-", f"UDP:127.0.0.1:{echo.port}"], input="hello\n", capture_output=True, text=True,
                              timeout=TIME_MAX)
        self.assertEqual(done.stdout, "hello\n")


class SevenServices(ExampleTest):
    def exchange(self, octets: bytes, address: str | tuple[str, int]) -> bytes:
        """What comes back until the end, if these octets and the end are sent."""
        with socket.socket(socket.AF_UNIX if isinstance(address, str) else socket.AF_INET) as client:
            client.settimeout(TIME_MAX)
            client.connect(address)
            client.sendall(octets)
            client.shutdown(socket.SHUT_WR)
            return b"".join(iter(lambda: client.recv(1000), b""))

    def test_are_all_there(self):
        seven = self.start("seven_services", folder=self.folder)
        seven.wait_until(lambda: len(seven.said) == 7)
        ports = {name: int(line.rstrip("/\n").rpartition(":")[2]) for line in seven.said if not line.startswith("lines")
                 for name in [line.partition(":")[0]]}
        at = {name: ("127.0.0.1", port) for name, port in ports.items()}
        self.assertEqual(curl(f"http://127.0.0.1:{ports['Listening on http']}").content, f"a proxy at port {ports['proxy']}\n")
        self.assertEqual(self.exchange(b"hello", at["TCP echo"]), b"hello")
        self.assertEqual(self.exchange(b"hello", at["proxy"]), b"hello")
        self.assertRegex(self.exchange(b"", at["daytime"]), rb"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC\n$")
        self.assertEqual(self.exchange(b"hello\nyou", f"{self.folder}/upper.sock"), b"HELLO\nYOU\n")
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
            client.settimeout(TIME_MAX)
            client.sendto(b"hello", at["UDP echo"])
            self.assertEqual(client.recv(100), b"hello")

        async def ask() -> str:
            async with websockets.connect(f"ws://127.0.0.1:{ports['WebSocket']}/") as client:
                await client.send("hello")
                return await client.recv()

        self.assertEqual(asyncio.run(ask()), "hello")
