# A stream has no messages. The checker says: it keeps boundaries, and has priorities
s/^f: .*/f: pipe/
