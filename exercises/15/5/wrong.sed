# Takes one "try again" for the other. The checker says: the call was interrupted
s/^e: .*/e: EAGAIN/
