"""websocket_echo and websocket_chat, with the clients of other people: python3-websockets, Node's ws, python3-h2
and Chromium.

The cases follow the groups of the Autobahn test suite: 1 messages, 2 pings, 3 reserved bits, 4 opcodes, 5 fragmentation, 6 UTF-8,
7 closing, 9 limits and performance, 12 compression.
"""

import asyncio
import http.client
import json
import os
import shutil
import socket
import ssl
import subprocess
import sys
import unittest
from pathlib import Path

import h2.config
import h2.connection
import h2.events
import websockets
from websockets.extensions.permessage_deflate import ClientPerMessageDeflateFactory

from example import TIME_MAX, ExampleTest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "e2e"))
from test_browser import Tab  # noqa: E402

SIZES = (0, 1, 16, 125, 126, 127, 128, 65535, 65536, 300_000)
MASK = b"\x12\xab\x00\xff"
KEY = "dGhlIHNhbXBsZSBub25jZQ=="


def frame(first: int, payload: bytes = b"") -> bytes:
    size = len(payload)
    if size < 126:
        head = bytes((first, 0x80 | size))
    elif size < 65536:
        head = bytes((first, 0xFE)) + size.to_bytes(2, "big")
    else:
        head = bytes((first, 0xFF)) + size.to_bytes(8, "big")
    return head + MASK + bytes(octet ^ MASK[at % 4] for at, octet in enumerate(payload))


def close(code: int, reason: bytes = b"") -> bytes:
    return frame(0x88, code.to_bytes(2, "big") + reason)


def plain(first: int, payload: bytes = b"") -> bytes:
    """A frame of the server, which is short."""
    return bytes((first, len(payload))) + payload


def text_of(size: int) -> str:
    return ("Grüße, мир, 世界 😀; " * (size // 18 + 1))[:size]


# What a client sends to /echo, and what it gets: the frames before the close frame, and the code of that.
ECHO = plain(0x81, b"hi")
RAW = {
    "2.1 ping": (frame(0x89) + close(1000), plain(0x8A), 1000),
    "2.2 ping with a text": (frame(0x89, b"hi") + close(1000), plain(0x8A, b"hi"), 1000),
    "2.3 ping with octets": (frame(0x89, b"\x00\xff") + close(1000), plain(0x8A, b"\x00\xff"), 1000),
    "2.4 ping of 125 octets": (frame(0x89, b"x" * 125) + close(1000), plain(0x8A, b"x" * 125), 1000),
    "2.5 ping of 126 octets": (frame(0x89, b"x" * 126), b"", 1002),
    "2.7 unasked pong": (frame(0x8A) + frame(0x81, b"hi"), ECHO, None),
    "2.8 unasked pong with a text": (frame(0x8A, b"x") + frame(0x81, b"hi"), ECHO, None),
    "3.1 second reserved bit": (frame(0xA1, b"hi"), b"", 1002),
    "3.2 third reserved bit after a message": (frame(0x81, b"hi") + frame(0x91, b"hi"), ECHO, 1002),
    "3.3 first bit without an extension": (frame(0xC1, b"hi"), b"", 1002),
    "3.5 all bits": (frame(0xF1, b"hi"), b"", 1002),
    "3.6 of a ping": (frame(0xB9), b"", 1002),
    "3.7 of a close frame": (frame(0xF8), b"", 1002),
    **{f"4.1 opcode {code}": (frame(0x80 | code), b"", 1002) for code in range(3, 8)},
    **{f"4.2 opcode {code}": (frame(0x80 | code, b"hi"), b"", 1002) for code in range(11, 16)},
    "5.1 ping in fragments": (frame(0x09, b"a") + frame(0x80, b"b"), b"", 1002),
    "5.2 pong in fragments": (frame(0x0A, b"a") + frame(0x80, b"b"), b"", 1002),
    "5.3 two fragments": (frame(0x01, b"h") + frame(0x80, b"i"), ECHO, None),
    "5.6 ping between fragments": (frame(0x01, b"h") + frame(0x89, b"p") + frame(0x80, b"i"), plain(0x8A, b"p") + ECHO, None),
    "5.9 continuation of nothing": (frame(0x80, b"hi"), b"", 1002),
    "5.10 continuation of nothing that goes on": (frame(0x00, b"hi"), b"", 1002),
    "5.15 continuation of what has ended": (frame(0x01, b"h") + frame(0x80, b"i") + frame(0x00, b"x"), ECHO, 1002),
    "5.18 text inside a text": (frame(0x01, b"h") + frame(0x81, b"i"), b"", 1002),
    "5.19 empty fragments": (frame(0x01) + frame(0x00) + frame(0x80, b"hi"), ECHO, None),
    "6.1 empty text": (frame(0x81), plain(0x81), None),
    "6.2 character across frames": (frame(0x01, b"\xe2\x82") + frame(0x80, b"\xac"), plain(0x81, b"\xe2\x82\xac"), None),
    **{f"6.3 not UTF-8: {octets.hex()}": (frame(0x81, octets), b"", 1007) for octets in (
        b"\xff", b"\xfe", b"\x80", b"\xbf", b"\xc0\xaf", b"\xc1\xbf", b"\xe0\x80\xaf", b"\xe0\x9f\xbf", b"\xf0\x80\x80\xaf",
        b"\xf0\x8f\xbf\xbf", b"\xed\xa0\x80", b"\xed\xbf\xbf", b"\xf4\x90\x80\x80", b"\xf5\x80\x80\x80", b"\xf8\x88\x80\x80\x80",
        b"\xc3", b"\xe2\x82", b"\xf0\x9f\x98", b"a\xc3(", b"\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5\xed\xa0\x80edited")},
    "6.4 at the first wrong octet": (frame(0x01, b"a\xff"), b"", 1007),
    **{f"6.5 UTF-8: {text.encode().hex()}": (frame(0x81, text.encode()), plain(0x81, text.encode()), None)
       for text in ("\x00", "\x7f", "\x80", "\u07ff", "\u0800", "\ud7ff", "\ue000", "\uffff", "\U00010000", "\U0010ffff", "κόσμε")},
    "7.1 message, then close": (frame(0x81, b"hi") + close(1000), ECHO, 1000),
    "7.1.2 two close frames": (close(1000) + close(1000), b"", 1000),
    "7.1.3 ping after close": (close(1000) + frame(0x89), b"", 1000),
    "7.1.4 text after close": (close(1000) + frame(0x81, b"hi"), b"", 1000),
    "7.1.5 close within a message": (frame(0x01, b"h") + close(1000) + frame(0x80, b"i"), b"", 1000),
    "7.3.1 without a code": (frame(0x88), b"", 1005),
    "7.3.2 half a code": (frame(0x88, b"x"), b"", 1002),
    "7.3.4 with a reason": (close(1000, b"bye"), b"", 1000),
    "7.3.5 with 123 octets": (close(1000, b"x" * 123), b"", 1000),
    "7.3.6 with 124 octets": (close(1000, b"x" * 124), b"", 1002),
    "7.5.1 with a reason that is not UTF-8": (close(1000, b"\xff"), b"", 1007),
    **{f"7.7 code {code}": (close(code), b"", code) for code in (1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3999, 4000, 4999)},
    **{f"7.9 code {code}": (close(code), b"", 1002) for code in (0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65535)},
    "frame without a mask": (plain(0x81, b"hi"), b"", 1002),
    "length in two octets that fits one": (b"\x81\xfe\x00\x02" + MASK + b"hi", b"", 1002),
    "length in eight octets that fits two": (b"\x81\xff" + (200).to_bytes(8, "big") + MASK, b"", 1002),
    "length of 2^63": (b"\x82\xff" + (1 << 63).to_bytes(8, "big") + MASK, b"", 1002),
    "9 message that is too large": (b"\x82\xff" + ((1 << 20) + 1).to_bytes(8, "big") + MASK, b"", 1009),
}

NODE = """
const {WebSocket} = require("/usr/share/nodejs/ws");
const [url, sizes] = JSON.parse(process.argv[1]);
const offers = {plain: false, default: true, small: {serverMaxWindowBits: 9, clientMaxWindowBits: 9, threshold: 0},
                none: {serverNoContextTakeover: true, clientNoContextTakeover: true, threshold: 0}};
const run = (path, name) => new Promise((resolve, reject) => {
  const socket = new WebSocket(url + path, {perMessageDeflate: offers[name], rejectUnauthorized: false});
  const wanted = [];
  let right = 0;
  socket.on("error", reject);
  socket.on("open", () => {
    for (const size of sizes) {
      const text = "añb".repeat(size / 3 + 1).slice(0, size);
      wanted.push([text, false], [text, true]);
      socket.send(text);
      socket.send(Buffer.from(text).subarray(0, size / 2), {binary: true, fin: false});
      socket.ping("p");
      socket.send(Buffer.from(text).subarray(size / 2), {binary: true, fin: true});
    }
  });
  socket.on("message", (data, isBinary) => {
    const [text, binary] = wanted.shift();
    if (isBinary === binary && data.equals(Buffer.from(text))) ++right;
    if (wanted.length === 0) socket.close(4000, "done");
  });
  socket.on("close", (code, reason) => resolve([path + " " + name, right, code, reason.toString(), socket.extensions]));
});
Promise.all(["/echo", "/shared", "/plain"].flatMap(path => Object.keys(offers).map(name => run(path, name))))
  .then(all => console.log(JSON.stringify(all)));
"""


# What a page in a browser does: it opens three WebSockets, one after the other, and says what became of them.
BROWSER = """
const run = (path, protocols) => new Promise(done => {
  const got = [];
  const socket = new WebSocket(location.origin.replace("http", "ws") + path, protocols);
  socket.binaryType = "arraybuffer";
  socket.onopen = () => {
    for (const size of SIZES) socket.send("x".repeat(size));
    socket.send(new Uint8Array(1000));
  };
  socket.onmessage = event => {
    got.push(event.data.length ?? event.data.byteLength);
    if (got.length === SIZES.length + 1) socket.close(4000);
  };
  socket.onclose = event => done([path, got, event.code, socket.extensions.split(";")[0], socket.protocol]);
});
(async () => JSON.stringify([await run("/echo", []), await run("/plain", ["echo.v1"]), await run("/close/4321", [])]))()
""".replace("SIZES", json.dumps(SIZES))


async def run_in_page(tab_url: str, url: str, script: str) -> tuple[object, list[int]]:
    """What the script gives in a page of this address, and the status codes with which its WebSockets were opened."""
    statuses = []
    async with websockets.connect(tab_url, max_size=None) as tab:
        async def call(number: int, method: str, **parameters):
            await tab.send(json.dumps({"id": number, "method": method, "params": parameters}))
            while True:
                answer = json.loads(await tab.recv())
                if answer.get("method") == "Network.webSocketHandshakeResponseReceived":
                    statuses.append(answer["params"]["response"]["status"])
                if answer.get("id") == number:
                    return answer["result"]

        await call(1, "Network.enable")
        await call(1, "Page.setBypassCSP", enabled=True)  # pages about errors may connect nowhere
        await call(2, "Page.navigate", url=url)
        ready = f"location.href === {json.dumps(url)} && document.readyState === 'complete'"
        while not (await call(3, "Runtime.evaluate", expression=ready))["result"].get("value"):
            await asyncio.sleep(0.02)
        done = await call(4, "Runtime.evaluate", expression=script, awaitPromise=True)
        return json.loads(done["result"]["value"]), statuses


class WebSocketTest(ExampleTest):
    def setUp(self):
        super().setUp()
        os.environ["XDG_DATA_HOME"] = str(self.folder)  # for the local authority of TLS
        self.insecure = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        self.insecure.check_hostname = False
        self.insecure.verify_mode = ssl.CERT_NONE

    def run_async(self, work):
        return asyncio.run(asyncio.wait_for(work, TIME_MAX))

    def test_raw_frames(self):
        server = self.start("websocket_echo", "127.0.0.1:0")

        async def play(octets: bytes) -> bytes:
            reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
            writer.write(f"GET /echo HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
                         f"Sec-WebSocket-Key: {KEY}\r\n\r\n".encode())
            head = await reader.readuntil(b"\r\n\r\n")
            self.assertTrue(head.startswith(b"HTTP/1.1 101 "), head)
            self.assertIn(b"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n", head)
            writer.write(octets)
            received = await reader.read()
            writer.close()
            return received

        async def play_all() -> list[bytes]:
            # A case without a code of its own is closed by the client.
            return await asyncio.gather(*(play(octets if code else octets + close(1000)) for octets, _, code in RAW.values()))

        for (name, (_, before, code)), received in zip(RAW.items(), self.run_async(play_all()), strict=True):
            with self.subTest(name):
                self.assertEqual(received[:len(before)], before)
                last = received[len(before):]
                if code == 1005:
                    self.assertEqual(last, plain(0x88))
                else:
                    self.assertEqual((last[:1], last[2:4]), (b"\x88", (code or 1000).to_bytes(2, "big")))
        self.assertGreater(len(RAW), 95)

    def test_python_websockets(self):
        offers = {"none": None, "default": [ClientPerMessageDeflateFactory()],
                  "bits": [ClientPerMessageDeflateFactory(server_max_window_bits=10, client_max_window_bits=10)],
                  "no context": [ClientPerMessageDeflateFactory(server_no_context_takeover=True, client_no_context_takeover=True)]}

        async def talk(url: str, offer, tls) -> int:
            cases = 0
            async with websockets.connect(url, compression=None, extensions=offer, ssl=tls, max_size=None) as peer:
                for size in SIZES:
                    text = text_of(size)
                    for message in (text, text.encode()):
                        await peer.send(message)
                        self.assertEqual(await peer.recv(), message)
                        cases += 1
                third = len(text) // 3
                await peer.send([text[:third], text[third:2 * third], text[2 * third:]])
                self.assertEqual(await peer.recv(), text)
                await (await peer.ping())
                self.assertEqual(bool(peer.extensions), bool(offer) and not url.endswith("/plain"))
            self.assertEqual(peer.close_code, 1000)
            return cases + 1

        async def talk_all() -> int:
            return sum(await asyncio.gather(*(talk(f"{base}{path}", offer, tls) for base, tls in bases
                                              for path in ("/echo", "/shared", "/plain") for offer in offers.values())))

        server = self.start("websocket_echo", "127.0.0.1:0")
        secure = self.start("websocket_echo", "https://127.0.0.1:0")
        bases = [(f"ws://127.0.0.1:{server.port}", None), (f"wss://127.0.0.1:{secure.port}", self.insecure)]
        self.assertEqual(self.run_async(talk_all()), 2 * 3 * 4 * 21)

    def test_node_ws(self):
        server = self.start("websocket_echo", "https://127.0.0.1:0")
        done = subprocess.run(["node", "-e", NODE, json.dumps([f"wss://127.0.0.1:{server.port}", SIZES])], capture_output=True, text=True,
                              timeout=TIME_MAX)
        self.assertEqual(done.returncode, 0, done.stderr)
        results = json.loads(done.stdout)
        self.assertEqual(len(results), 12)
        for name, right, code, reason, extensions in results:
            with self.subTest(name):
                self.assertEqual((right, code, reason), (2 * len(SIZES), 4000, ""))
                self.assertEqual(bool(extensions), "plain" not in name)

    def test_over_http2(self):
        self.speak_http2("http", self.connect(self.start("websocket_echo", "127.0.0.1:0").port))

    def test_over_http2_with_tls(self):
        server = self.start("websocket_echo", "https://127.0.0.1:0")
        self.insecure.set_alpn_protocols(["h2"])
        client = self.insecure.wrap_socket(self.connect(server.port), server_hostname="localhost")
        self.addCleanup(client.close)
        self.assertEqual(client.selected_alpn_protocol(), "h2")
        self.speak_http2("https", client)

    def speak_http2(self, scheme: str, client: socket.socket) -> None:
        connection = h2.connection.H2Connection(h2.config.H2Configuration(client_side=True, header_encoding="utf-8"))
        connection.initiate_connection()
        sizes = (0, 2, 125, 126, 10_000)
        paths = {"/echo": 101, "/plain": 101, "/close/4321": 101, "/nothing": 404}
        heads = [(":method", "CONNECT"), (":protocol", "websocket"), (":scheme", scheme), (":authority", "a")]
        got = {}
        for stream, path in enumerate(paths):
            stream = 2 * stream + 1
            got[stream] = [None, b"", False]
            connection.send_headers(stream, [*heads, (":path", path), ("sec-websocket-version", "13")])
            if path.startswith("/close"):
                connection.send_data(stream, close(4321))
            elif path != "/nothing":
                for size in sizes:
                    connection.send_data(stream, frame(0x82, b"x" * size))
                connection.send_data(stream, close(1000))
        other = 2 * len(paths) + 1
        got[other] = [None, b"", False]
        connection.send_headers(other, [*heads[:1], (":protocol", "connect-udp"), *heads[2:], (":path", "/echo")], end_stream=True)
        client.sendall(connection.data_to_send())
        while not all(over for _, _, over in got.values()):
            octets = client.recv(65536)
            self.assertTrue(octets, got)
            for event in connection.receive_data(octets):
                if isinstance(event, h2.events.RemoteSettingsChanged):
                    self.assertEqual(event.changed_settings[8].new_value, 1)  # RFC 8441 §3
                if isinstance(event, h2.events.ResponseReceived):
                    got[event.stream_id][0] = int(dict(event.headers)[":status"])
                if isinstance(event, h2.events.DataReceived):
                    got[event.stream_id][1] += event.data
                    connection.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
                if isinstance(event, (h2.events.StreamEnded, h2.events.StreamReset)):
                    got[event.stream_id][2] = True
            client.sendall(connection.data_to_send())
        echoed = b"".join(plain(0x82, b"x" * size) if size < 126 else b"\x82\x7e" + size.to_bytes(2, "big") + b"x" * size
                          for size in sizes) + plain(0x88, (1000).to_bytes(2, "big"))
        for stream in (1, 3):
            self.assertEqual((got[stream][0], got[stream][1] == echoed, len(got[stream][1])), (200, True, len(echoed)))
        self.assertEqual((got[5][0], got[5][1][:1], got[5][1][2:4]), (200, b"\x88", (4321).to_bytes(2, "big")))
        self.assertEqual((got[7][0], got[other][0]), (404, 501))

    @unittest.skipUnless(shutil.which("chromium"), "Chromium is not installed")
    def test_chromium(self):
        tab = Tab(self.folder / "profile", "--ignore-certificate-errors")
        self.addCleanup(tab.stop)
        for scheme, status in (("http", 101), ("https", 200)):  # RFC 8441 §5: 200 over HTTP/2
            server = self.start("websocket_echo", "https://127.0.0.1:0" if scheme == "https" else "127.0.0.1:0")
            results, statuses = self.run_async(run_in_page(tab.url, f"{scheme}://127.0.0.1:{server.port}/nothing", BROWSER))
            sizes = [*SIZES, 1000]
            self.assertEqual(results, [["/echo", sizes, 4000, "permessage-deflate", ""], ["/plain", sizes, 4000, "", "echo.v1"],
                                       ["/close/4321", [], 4321, "permessage-deflate", ""]])
            self.assertEqual(statuses, [status] * 3)

    def test_refusals_and_limits(self):
        server = self.start("websocket_echo", "127.0.0.1:0")
        good = {"Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": KEY}
        for change, status in [({}, 101), ({"Upgrade": "h2c"}, 426), ({"Sec-WebSocket-Version": "12"}, 426), ({"Sec-WebSocket-Key": "x"}, 400),
                               ({"Origin": "http://evil.example"}, 403), ({"Origin": f"http://127.0.0.1:{server.port}"}, 101)]:
            client = http.client.HTTPConnection("127.0.0.1", server.port, timeout=TIME_MAX)
            client.request("GET", "/echo", headers=good | change)
            answer = client.getresponse()
            self.assertEqual(answer.status, status, change)
            if status == 426:
                self.assertEqual((answer.getheader("Upgrade"), answer.getheader("Sec-WebSocket-Version")), ("websocket", "13"))
            client.close()

        async def limits():
            url = f"ws://127.0.0.1:{server.port}"
            for message, code in [(b"x" * 1001, 1009), ("x" * 100_000, 1009), (["a", "b", "c", "d", "e"], 1008), ("x" * 1000, 1000)]:
                async with websockets.connect(f"{url}/strict") as peer:
                    await peer.send(message)
                    if code == 1000:
                        self.assertEqual(await peer.recv(), message)
                    else:
                        await peer.wait_closed()
                self.assertEqual(peer.close_code, code)
            async with websockets.connect(f"{url}/strict") as peer:
                pongs = [await peer.ping(str(number)) for number in range(30)]
                await peer.wait_closed()
                await asyncio.gather(*pongs, return_exceptions=True)
            self.assertEqual(peer.close_code, 1008)
            async with websockets.connect(f"{url}/plain", subprotocols=["echo.v0", "echo.v1", "echo.v2"]) as peer:
                self.assertEqual(peer.subprotocol, "echo.v1")

        self.run_async(limits())

    def test_chat_and_the_servers_end(self):
        chat = self.start("websocket_chat", "127.0.0.1:0")

        async def talk():
            url = f"ws://127.0.0.1:{chat.port}/chat"
            async with websockets.connect(f"{url}/Ann") as ann:
                self.assertEqual(await ann.recv(), "* Ann has come")
                async with websockets.connect(f"{url}/Bob") as bob:
                    self.assertEqual([await ann.recv(), await bob.recv()], ["* Bob has come"] * 2)
                    await ann.send("hello")
                    self.assertEqual([await ann.recv(), await bob.recv()], ["Ann: hello"] * 2)
                self.assertEqual(await ann.recv(), "* Bob left")
                self.assertIn(b"new WebSocket", await self.page(chat.port))
                chat.process.terminate()
                with self.assertRaises(websockets.ConnectionClosed):
                    await ann.recv()
                self.assertEqual(ann.close_code, 1001)

        self.run_async(talk())

    @staticmethod
    async def page(port: int) -> bytes:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        answer = await reader.read()
        writer.close()
        return answer
