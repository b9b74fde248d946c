// test/fuzz/site_connections_fuzz.cc — whole connections to a server of files; see script.h.
#define PLAYED_WORKER make_site_worker
#define PLAYED_WORDS site_words
#include "test/fuzz/connections_fuzz.h"
