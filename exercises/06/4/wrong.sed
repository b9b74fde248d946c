# Expects that one read returns the whole text. The checker says: that may be half of the length
s/ have += (size_t)got;$/ return (size_t)got;/
