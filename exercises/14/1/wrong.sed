# Looks for the file too early. The checker says: only opening the file shows that it does not exist
s/^f: .*/f: translate/
