# Takes an empty datagram for the end. The checker says: 0 octets are an empty datagram
s/if (length >= 0)/if (length == 0) break;\n        if (length > 0)/
