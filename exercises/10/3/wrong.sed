# Replaces nobody. The checker says: wait() returns when a child has died
s/> 0) start_child(listening);/> 0) continue;/
