// portico/services/echo.h — sends back what it receives.
//
// Room services: see service.h.
#pragma once

#include "portico/services/datagrams.h"
#include "portico/services/service.h"

namespace portico::services {

// Sends a stream's octets back as they arrive, until the peer ends; then ends its own side. With TLS, a stream that
// ends without the peer's word (close_notify) may have been cut: it is reset, like one that fails. Sends each datagram
// back whole, including empty ones, except to peers that AnswerablePeers excludes.
//
// A client that does not read costs one buffer of the core's pool (16 KiB), and is not read from until it reads. An
// idle client costs none.
class Echo final : public Service {
public:
    explicit Echo(io::Core& core) : core_(&core) {}

    Task<void> serve(io::Stream stream) override;
    Task<void> serve_secure(link::Transport transport) override;
    Task<void> answer(io::Datagram socket) override;
    Task<io::Result<void>> serve_stdio(io::Stdio stdio) override;

private:
    io::Core* core_;
    AnswerablePeers peers_;  // for all sockets together
};

}  // namespace portico::services
