# Does not say how much room there is for the address. The checker says: its last argument has the size of the room
s/socklen_t size = sizeof from/socklen_t size = 0/
