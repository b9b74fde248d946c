# Leaves the old file. The checker says: A file that a crashed server has left stands in the way
/unlink(/d
