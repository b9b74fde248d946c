// test/fuzz/program_connections_fuzz.cc — whole connections to a program's handlers; see script.h.
#define PLAYED played_program
#include "test/fuzz/connections_fuzz.h"
