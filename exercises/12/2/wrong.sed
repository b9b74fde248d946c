# Sends content to HEAD. The checker says: A response to HEAD has the fields of GET, and no content
s/ + (b"" if method == "HEAD" else content)/ + content/
