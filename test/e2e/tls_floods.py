"""Floods of TLS that Python's ssl module can't send: new keys again and again, and renegotiation. OpenSSL by ctypes."""

from __future__ import annotations

import ctypes
import socket

CTRL_SET_MAX_VERSION = 124
VERSIONS = {"1.2": 0x303, "1.3": 0x304}

ssl = ctypes.CDLL("libssl.so.3")
for name, result, arguments in (
        ("TLS_client_method", ctypes.c_void_p, []), ("SSL_CTX_new", ctypes.c_void_p, [ctypes.c_void_p]),
        ("SSL_CTX_ctrl", ctypes.c_long, [ctypes.c_void_p, ctypes.c_int, ctypes.c_long, ctypes.c_void_p]),
        ("SSL_CTX_free", None, [ctypes.c_void_p]), ("SSL_new", ctypes.c_void_p, [ctypes.c_void_p]),
        ("SSL_free", None, [ctypes.c_void_p]), ("SSL_set_fd", ctypes.c_int, [ctypes.c_void_p, ctypes.c_int]),
        ("SSL_connect", ctypes.c_int, [ctypes.c_void_p]), ("SSL_do_handshake", ctypes.c_int, [ctypes.c_void_p]),
        ("SSL_key_update", ctypes.c_int, [ctypes.c_void_p, ctypes.c_int]),
        ("SSL_renegotiate", ctypes.c_int, [ctypes.c_void_p])):
    getattr(ssl, name).restype, getattr(ssl, name).argtypes = result, arguments


class Client:
    """A client that verifies nothing, with blocking operations: true if they succeed."""

    def __init__(self, address: tuple[str, int], version: str = "1.3"):
        self.context = ssl.SSL_CTX_new(ssl.TLS_client_method())
        ssl.SSL_CTX_ctrl(self.context, CTRL_SET_MAX_VERSION, VERSIONS[version], None)
        self.session = ssl.SSL_new(self.context)
        self.socket = socket.create_connection(address, timeout=8)
        self.socket.setblocking(True)
        ssl.SSL_set_fd(self.session, self.socket.fileno())
        self.is_secure = ssl.SSL_connect(self.session) == 1

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_) -> None:
        ssl.SSL_free(self.session)
        ssl.SSL_CTX_free(self.context)
        self.socket.close()

    def update_key(self) -> bool:
        return ssl.SSL_key_update(self.session, 0) == 1 and ssl.SSL_do_handshake(self.session) == 1

    def renegotiate(self) -> bool:
        return ssl.SSL_renegotiate(self.session) == 1 and ssl.SSL_do_handshake(self.session) == 1

    def has_been_ended(self) -> bool:
        """Reads, whatever it is, until the server ends the connection."""
        self.socket.settimeout(8)
        try:
            while self.socket.recv(65536):
                pass
        except ConnectionError:
            pass
        except TimeoutError:
            return False
        return True


UPDATES = 40  # more than a connection may have


def key_updates(address: tuple[str, int]) -> bool:
    """New keys until the server ends the connection: whether it has."""
    with Client(address) as client:
        for _ in range(UPDATES):
            if not (client.is_secure and client.update_key()):
                return client.is_secure
        return client.has_been_ended()


def renegotiations(address: tuple[str, int]) -> bool:
    """An attempt to renegotiate: whether it is refused."""
    with Client(address, "1.2") as client:
        return client.is_secure and not client.renegotiate()
