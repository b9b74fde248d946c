# Translates targets to paths below the root.
import re
import sys


def path_of(target):
    path = target.split("?")[0].encode()
    if not path.startswith(b"/") or re.search(rb"%(?![0-9A-Fa-f]{2})", path):
        return "400"
    decoded = re.sub(rb"%(..)", lambda digits: bytes.fromhex(digits[1].decode()), path)[1:]
    if b"\0" in decoded or b".." in decoded.split(b"/"):
        return "400"
    return (decoded + b"index.html" if decoded.endswith(b"/") or not decoded else decoded).decode(errors="replace")


for line in sys.stdin:
    print(path_of(line.rstrip("\n")))
