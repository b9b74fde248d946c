# Looks for the file first. The checker says: Authorize before you look for the file
s/^    if not may_read(fields):/    if not os.path.isfile(os.path.join(os.fsencode(root), path)):\n        return "404 Not Found", b"not found\\n"\n&/
