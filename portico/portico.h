// portico/portico.h — the library: include this, and link portico::server.
//
// A server in a program, and the sockets under it. docs/library.md begins where you would.
#pragma once

#include "portico/embed/events.h"
#include "portico/embed/form.h"
#include "portico/embed/middleware.h"
#include "portico/embed/request.h"
#include "portico/embed/response.h"
#include "portico/embed/server.h"
#include "portico/embed/services.h"
#include "portico/embed/test_client.h"
#include "portico/embed/upload.h"
#include "portico/io/gate.h"
#include "portico/io/happy_eyeballs.h"
#include "portico/io/line_reader.h"
#include "portico/io/resolve.h"
#include "portico/io/scope.h"
