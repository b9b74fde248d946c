// portico/portico.h — the library: include this header, and link portico::server.
//
// An HTTP server for your program, and the socket library below it. Start reading at docs/library.md.
#pragma once

#if __cplusplus <= 202002L
#error "Portico needs C++23: compile with -std=c++23"
#else

#include "portico/embed/bearer_auth.h"
#include "portico/embed/broadcast.h"
#include "portico/embed/connection.h"
#include "portico/embed/datagrams.h"
#include "portico/embed/events.h"
#include "portico/embed/fetch.h"
#include "portico/embed/form.h"
#include "portico/embed/hooks.h"
#include "portico/embed/middleware.h"
#include "portico/embed/passwords.h"
#include "portico/embed/rate_limit.h"
#include "portico/embed/relay.h"
#include "portico/embed/request.h"
#include "portico/embed/response.h"
#include "portico/embed/server.h"
#include "portico/embed/session.h"
#include "portico/embed/socket_server.h"
#include "portico/embed/tcp_server.h"
#include "portico/embed/udp_server.h"
#include "portico/embed/upload.h"
#include "portico/embed/validation.h"
#include "portico/embed/websocket.h"
#include "portico/io/completion.h"
#include "portico/io/core_handle.h"
#include "portico/io/gate.h"
#include "portico/io/line_reader.h"
#include "portico/io/net/happy_eyeballs.h"
#include "portico/io/net/resolve.h"
#include "portico/io/per_core.h"
#include "portico/io/pool.h"
#include "portico/io/readiness.h"
#include "portico/io/scope.h"
#include "portico/io/together.h"

#endif
