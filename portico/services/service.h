// portico/services/service.h — the interface of services other than HTTP.
//
// Room services: hello and echo, on streams, datagrams and standard input and output.
// May use:   base, io, tls, link.
// May not:   know HTTP; print.
// Threads:   one core's.
#pragma once

#include "portico/base/task.h"
#include "portico/io/datagram.h"
#include "portico/io/stream.h"
#include "portico/link/transport.h"

namespace portico::services {

// A service outlives the tasks that it creates.
class Service {
public:
    virtual ~Service() = default;

    // Serves one client for as long as it is connected.
    virtual Task<void> serve(io::Stream stream) = 0;
    // The same for a client with TLS, once the handshake is complete.
    virtual Task<void> serve_secure(link::Transport transport) = 0;
    // Answers datagrams until the task is asked to stop.
    virtual Task<void> answer(io::Datagram socket) = 0;
    // Serves the client on standard input and output. Error: why not all of it could be read or written.
    virtual Task<io::Result<void>> serve_stdio(io::Stdio stdio) = 0;
};

}  // namespace portico::services
