// portico/services/hello.h — says one thing to whoever comes.
//
// Room services: see service.h.
#pragma once

#include <string>

#include "portico/services/service.h"

namespace portico::services {

// A stream's client gets the message and our end; what it sends is read and dropped until it leaves or five seconds
// have passed, so that our close is no reset that overtakes the message. A datagram is answered with the message.
class Hello final : public Service {
public:
    Hello(io::Core& core, std::string message) : core_(&core), message_(std::move(message)) {}

    Task<void> serve(io::Stream stream) override;
    Task<void> answer(io::Datagram socket) override;
    Task<void> serve_stdio(io::Stdio stdio) override;

private:
    io::Core* core_;
    std::string message_;
};

}  // namespace portico::services
