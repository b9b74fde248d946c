# A copy proves nothing. The checker says: anybody can show a copy of the certificate
s/^c: .*/c: Certificate/
