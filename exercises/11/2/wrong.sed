# The trap. The checker says: the loopback in the container is another interface
s/^b: .*/b: yes/
