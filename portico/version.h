// portico/version.h — Portico's version, for the preprocessor and for people.
//
// Room base: see fd.h.
#pragma once

// The same as the project's version in CMakeLists.txt; tests compare them.
#define PORTICO_VERSION_MAJOR 0
#define PORTICO_VERSION_MINOR 1
#define PORTICO_VERSION_PATCH 0
#define PORTICO_VERSION_STRING "0.1.0"

// Grows with each version: 0.1.0 is 100, 1.2.3 is 10203.
#define PORTICO_VERSION (PORTICO_VERSION_MAJOR * 10000 + PORTICO_VERSION_MINOR * 100 + PORTICO_VERSION_PATCH)
