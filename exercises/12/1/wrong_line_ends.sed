# Ends lines in LF. The checker says: Each line ends in CR LF
s/"\\r\\n".join/"\\n".join/
