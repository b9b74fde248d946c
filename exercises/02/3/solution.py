# Looks up a name in a hosts file.
import sys

found = False
for line in sys.stdin:
    words = line.split("#")[0].lower().split()
    if sys.argv[1].lower() in words[1:]:
        print(words[0])
        found = True
sys.exit(0 if found else 1)
