// test/fuzz/program_connections_fuzz.cc — whole connections to a program's handlers; see script.h.
#define PLAYED_WORKER make_program_worker
#define PLAYED_WORDS program_words
#include "test/fuzz/connections_fuzz.h"
