# Takes all of 172.0.0.0/8 for private. The checker says: c: seen:     private
s/^c: .*/c: private/
