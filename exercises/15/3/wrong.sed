# Ends when a call is interrupted. The checker says: Interrupted system call
s/if (client < 0) continue;/if (client < 0) return perror("accept"), 1;/
