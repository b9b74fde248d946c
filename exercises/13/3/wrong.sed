# Has the order of the machine. The checker says: The length has its most significant octet first
s/">H"/"<H"/
