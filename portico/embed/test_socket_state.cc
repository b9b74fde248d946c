// portico/embed/test_socket_state.cc — see test_socket_state.h.
#include "portico/embed/test_socket_state.h"

#include <chrono>
#include <utility>

#include "portico/services/secure.h"
#include "portico/wire/h1/read_head.h"

namespace portico {
namespace {

// Simulated time costs nothing.
constexpr auto answer_time_max = std::chrono::minutes(5);

}  // namespace

Task<void> TestSocket::State::open(std::string head) {
    const io::TimePoint deadline = core->now() + answer_time_max;
    const io::Result<void> written = co_await services::write_all(*transport, head, deadline);
    if (!written) co_return;
    constexpr h1::HeadLimits limits{.head_octets_max = 1'000'000, .field_count_max = 10'000};
    std::string received;
    for (;;) {
        const io::Result<Buffer> octets = co_await transport->read_ahead(deadline);
        if (!octets || octets->empty()) co_return;
        received += octets->octets();
        http::Response response;
        h1::HeadNotes notes;
        const auto read = h1::read_response_head(received, notes, limits, http::Method::get, response);
        if (!read) co_return;
        if (!*read) continue;
        status = http::code(response.status);
        is_open = status == 101;
        take(std::string_view(received).substr((*read)->octets));
        co_return;
    }
}

Task<void> TestSocket::State::open_h2() {
    const io::TimePoint deadline = core->now() + answer_time_max;
    while (h2->status() == 0 && !h2->is_over()) {
        const std::string sent = h2->take_output();
        const io::Result<void> written = co_await services::write_all(*transport, sent, deadline);
        if (!written) co_return;
        const io::Result<Buffer> octets = co_await transport->read_ahead(deadline);
        if (!octets || octets->empty()) co_return;
        h2->receive(octets->octets());
    }
    status = h2->status();
    is_open = status == 200 && !h2->is_over();  // RFC 8441 §5
    take_h2({});
}

void TestSocket::State::take_h2(std::string_view octets) {
    h2->receive(octets);
    take(h2->take_content());
    output.open();  // what HTTP/2 itself has to say
}

std::string TestSocket::State::take_output() {
    std::string octets = engine.take_output();
    if (!h2) return octets;
    h2->send(octets);
    return h2->take_output();
}

void TestSocket::State::take(std::string_view octets) {
    engine.receive(octets, core->now());
    while (std::optional<websocket::Event> event = engine.next_event()) {
        using Kind = websocket::Event::Kind;
        if (event->kind == Kind::message) messages.push_back(std::move(event->octets));
        if (event->kind != Kind::closed) continue;
        close_code = static_cast<unsigned>(event->code);
        close_reason = event->octets;
        engine.close(event->code, {});
        is_open = false;
    }
    news.open();
    if (engine.has_output()) output.open();
}

void TestSocket::State::end() {
    is_open = false;
    has_left = true;
    news.open();
    output.open();
}

Task<void> TestSocket::State::read() {
    for (;;) {
        const io::Result<Buffer> octets = co_await transport->read_ahead(io::never);
        if (!octets || octets->empty()) break;
        if (h2) {
            take_h2(octets->octets());
        } else {
            take(octets->octets());
        }
        if (h2 && h2->is_over()) break;
    }
    if (h2) static_cast<void>(transport->finish_sending());  // the server would keep the connection
    end();
}

Task<void> TestSocket::State::write() {
    while (!has_left) {
        const std::string octets = take_output();
        if (!octets.empty()) {
            const io::Result<void> written =
                co_await services::write_all(*transport, octets, core->now() + answer_time_max);
            if (!written) co_return;
            continue;
        }
        const io::Result<void> woken = co_await output.wait(*core, io::never);
        if (!woken) co_return;
    }
}

Task<void> TestSocket::State::await_message() {
    const io::TimePoint deadline = core->now() + answer_time_max;
    while (messages.empty() && is_open) {
        const io::Result<void> woken = co_await news.wait(*core, deadline);
        if (!woken) co_return;
    }
}

Task<void> TestSocket::State::leave() {
    tasks.request_stop();
    co_await tasks.join();
    if (!has_left) transport->abort_on_close();
    transport.reset();
    end();
}

}  // namespace portico
