# Takes an endpoint apart: protocol, address and port.
import sys


def parts_of(endpoint):
    protocol, mark, rest = endpoint.rpartition("://")
    if not mark:
        protocol = "tcp"
    address, colon, port = rest.rpartition(":")
    if protocol not in ("tcp", "udp"):
        return None
    if not (port.isascii() and port.isdecimal()) or int(port) > 65535:
        return None
    if address.startswith("[") and address.endswith("]"):
        address = address[1:-1]
    elif ":" in address:
        return None
    return (protocol, address, port) if address else None


parts = parts_of(sys.argv[1])
if parts is None:
    sys.exit(f"{sys.argv[1]} is not an endpoint")
print(*parts, sep="\n")
