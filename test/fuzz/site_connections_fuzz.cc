// test/fuzz/site_connections_fuzz.cc — whole connections to a server of files; see script.h.
#define PLAYED played_site
#include "test/fuzz/connections_fuzz.h"
