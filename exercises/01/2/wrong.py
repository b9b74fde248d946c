# Compares whole octets only. The checker says: need not end where an octet ends
import sys

one, other, bits = sys.argv[1].split("."), sys.argv[2].split("."), int(sys.argv[3])
whole = bits // 8
print("yes" if one[:whole] == other[:whole] else "no")
