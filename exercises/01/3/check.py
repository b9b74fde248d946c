GOOD = {
    "tcp://127.0.0.1:7000": b"tcp\n127.0.0.1\n7000\n",
    "udp://192.0.2.1:53": b"udp\n192.0.2.1\n53\n",
    "127.0.0.1:65535": b"tcp\n127.0.0.1\n65535\n",
    "udp://[::1]:53": b"udp\n::1\n53\n",
    "[2001:db8::7]:443": b"tcp\n2001:db8::7\n443\n",
}
BAD = {
    "127.0.0.1": "it has no port",
    "127.0.0.1:https": "its port is not a number",
    "127.0.0.1:65536": "a port has 16 bits",
    "icmp://127.0.0.1:7": "it names another protocol",
    "2001:db8::7": "nobody can say which colon is the one before the port",
    "tcp://2001:db8::7:443": "an address with colons needs brackets",
}


def check(checker):
    for endpoint, parts in GOOD.items():
        checker.step(endpoint)
        checker.expect_run((endpoint,), parts, hint="Which of the colons is the one before the port?" if "[" in endpoint else "")
    for endpoint, why in BAD.items():
        checker.step(f"{endpoint}, which is not an endpoint")
        checker.start(endpoint).expect_failure(why)
