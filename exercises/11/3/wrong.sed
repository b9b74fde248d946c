# Takes the octets as they are written. The checker says: The octets of the address are turned round
s/\[::-1\]//
