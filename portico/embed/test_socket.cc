// portico/embed/test_socket.cc — see test_client.h.
#include <utility>

#include "portico/embed/test_socket_state.h"

namespace portico {

TestSocket::TestSocket(std::shared_ptr<State> state) : state_(std::move(state)) {}
TestSocket::~TestSocket() {
    if (state_ != nullptr) leave();
}

int TestSocket::status() const { return state_->status; }

void TestSocket::send_text(std::string_view text) {
    state_->engine.send(websocket::MessageType::text, text);
    state_->output.open();
}

void TestSocket::send_binary(std::string_view octets) {
    state_->engine.send(websocket::MessageType::binary, octets);
    state_->output.open();
}

std::optional<std::string> TestSocket::receive() {
    if (state_->transport) state_->run(state_->await_message());
    if (state_->messages.empty()) return std::nullopt;
    std::string message = std::move(state_->messages.front());
    state_->messages.pop_front();
    return message;
}

void TestSocket::close(unsigned code, std::string_view reason) {
    state_->engine.close(static_cast<websocket::CloseCode>(code), reason);
    state_->output.open();
    while (receive()) {
    }
}

unsigned TestSocket::close_code() const { return state_->close_code; }
std::string_view TestSocket::close_reason() const { return state_->close_reason; }

void TestSocket::leave() {
    if (state_->transport) state_->run(state_->leave());
}

}  // namespace portico
