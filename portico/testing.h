// portico/testing.h — for the tests of a program: a client that talks to its server over a simulated kernel.
//
// Not part of portico.h, because a program needs it in its tests alone. docs/library.md, "Tests", shows its use.
#pragma once

#if __cplusplus <= 202002L
#error "Portico needs C++23: compile with -std=c++23"
#else

#include "portico/embed/test_client.h"

#endif
