# Sets no option. The checker says: Address already in use
/const int yes/d
/SO_REUSEADDR/d
