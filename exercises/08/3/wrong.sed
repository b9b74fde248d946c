# Thinks of a stream. The checker says: what did not fit is lost
s/^c: .*/c: 14/
