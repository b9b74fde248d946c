// portico/embed/test_connection.cc — see test_client.h.
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "portico/embed/test_connection_state.h"
#include "portico/http/message.h"

namespace portico {

TestConnection::TestConnection(std::shared_ptr<State> state) : state_(std::move(state)) {}
TestConnection::~TestConnection() = default;

TestAnswer TestConnection::begin(std::string_view method, std::string_view target, const TestFields& fields,
                                 std::string_view content) {
    std::string octets = write_test_request(method, target, fields, content);
    state_->run(state_->ask(std::move(octets), http::recognise_method(method)));
    return state_->answer;
}

TestAnswer TestConnection::request(std::string_view method, std::string_view target, const TestFields& fields,
                                   std::string_view content) {
    TestAnswer answer = begin(method, target, fields, content);
    if (answer.status == 0) return answer;
    while (const std::optional<std::string> piece = read()) answer.content += *piece;
    return is_complete() ? answer : TestAnswer();
}

TestAnswer TestConnection::get(std::string_view target, const TestFields& fields) {
    return request("GET", target, fields);
}

std::optional<std::string> TestConnection::read() {
    state_->run(state_->await_piece());
    if (state_->piece.empty()) return std::nullopt;
    return std::exchange(state_->piece, std::string());
}

std::optional<std::string> TestConnection::read_until(std::string_view end) {
    std::string all;
    for (;;) {
        const std::size_t at = all.find(end);
        if (at != std::string::npos) {
            state_->piece = all.substr(at + end.size());
            all.resize(at + end.size());
            return all;
        }
        const std::optional<std::string> piece = read();
        if (!piece) break;
        all += *piece;
    }
    state_->piece = std::move(all);
    return std::nullopt;
}

bool TestConnection::is_complete() const { return state_->answer.status != 0 && !state_->is_reading; }

bool TestConnection::is_open() {
    state_->run(state_->look());
    return state_->transport.has_value();
}

void TestConnection::leave() {
    if (state_->transport) state_->transport->abort_on_close();
    state_->transport.reset();
}

}  // namespace portico
