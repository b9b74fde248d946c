// portico/services/echo.h — sends back what it gets.
//
// Room services: see service.h.
#pragma once

#include "portico/services/service.h"

namespace portico::services {

// Octets of a stream as they come, to the peer's end and then ours; each datagram whole, the empty one too.
//
// A client that does not read costs one buffer of the core's pool (16 KiB) and is not read from until it does. An idle
// one costs none.
class Echo final : public Service {
public:
    explicit Echo(io::Core& core) : core_(&core) {}

    Task<void> serve(io::Stream stream) override;
    Task<void> answer(io::Datagram socket) override;
    Task<void> serve_stdio(io::Stdio stdio) override;

private:
    io::Core* core_;
};

}  // namespace portico::services
