# The usual guess. The checker says: the kernel shakes hands by itself
s/^b: .*/b: accept/
