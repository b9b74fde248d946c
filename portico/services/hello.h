// portico/services/hello.h — sends one line to every client.
//
// Room services: see service.h.
#pragma once

#include <string>

#include "portico/services/datagrams.h"
#include "portico/services/service.h"

namespace portico::services {

// A stream's client gets the message and the end of the stream. Its own octets are read and dropped until it leaves or
// five seconds have passed, so that our close does not become a reset that overtakes the message. A datagram is
// answered with the message, truncated to answer_octets_max(), unless AnswerablePeers excludes its sender.
class Hello final : public Service {
public:
    Hello(io::Core& core, std::string message) : core_(&core), message_(std::move(message)) {}

    Task<void> serve(io::Stream stream) override;
    Task<void> serve_secure(link::Transport transport) override;
    Task<void> answer(io::Datagram socket) override;
    Task<io::Result<void>> serve_stdio(io::Stdio stdio) override;

private:
    io::Core* core_;
    std::string message_;
    AnswerablePeers peers_;  // for all sockets together
};

}  // namespace portico::services
