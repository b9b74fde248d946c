# Encrypts, with anybody. The checker says: The signature must lead to one of the trusted authorities
s/^try:/context.check_hostname = False\ncontext.verify_mode = ssl.CERT_NONE\n&/
