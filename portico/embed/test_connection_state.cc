// portico/embed/test_connection_state.cc — see test_connection_state.h.
#include "portico/embed/test_connection_state.h"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <utility>

#include "portico/http/fields.h"
#include "portico/services/secure.h"
#include "portico/wire/h1/read_head.h"

namespace portico {
namespace {

// Simulated time costs nothing.
constexpr auto piece_time_max = std::chrono::minutes(5);

// The server has that long to be seen closing.
constexpr auto look_time = std::chrono::milliseconds(1);

}  // namespace

std::string write_test_request(std::string_view method, std::string_view target, const TestFields& fields,
                               std::string_view content, std::string_view further) {
    std::string octets;
    octets.append(method).append(" ").append(target).append(" HTTP/1.1\r\n").append(further);
    const bool has_host =
        std::ranges::any_of(fields, [](const auto& field) { return http::equals_ignoring_case(field.first, "Host"); });
    if (!has_host) octets.append("Host: localhost\r\n");  // which a server answers whatever Options::hosts lists
    for (const auto& [name, value] : fields) octets.append(name).append(": ").append(value).append("\r\n");
    if (announces_length(method, content)) {
        octets.append("Content-Length: ").append(std::to_string(content.size())).append("\r\n");
    }
    return octets.append("\r\n").append(content);
}

bool announces_length(std::string_view method, std::string_view content) {
    return !content.empty() || method == "POST" || method == "PUT" || method == "PATCH";
}

// False if nothing more has come: the connection has ended, or the deadline.
Task<bool> TestConnection::State::receive(io::TimePoint deadline) {
    const io::Result<Buffer> octets = co_await transport->read_ahead(deadline);
    if (octets && !octets->empty()) {
        received_ += octets->octets();
        co_return true;
    }
    if (!octets && octets.error().number == ETIMEDOUT) co_return false;
    if (octets && framing_ == h1::Framing::to_close) is_reading = false;  // its end is that of the content
    transport.reset();
    co_return false;
}

Task<void> TestConnection::State::ask(std::string octets, http::Method method) {
    answer = TestAnswer();
    if (!transport || is_reading) co_return;
    const io::TimePoint deadline = core->now() + piece_time_max;
    const io::Result<void> written = co_await services::write_all(*transport, octets, deadline);
    static_cast<void>(written);  // the server may answer and close before it has read everything
    while (!take_head(method)) {
        const bool goes_on = co_await receive(deadline);
        if (!goes_on) co_return;
    }
}

// False if it is incomplete. A malformed one ends the connection.
bool TestConnection::State::take_head(http::Method method) {
    constexpr h1::HeadLimits limits{.head_octets_max = 1'000'000, .field_count_max = 10'000};
    for (;;) {
        http::Response response;
        h1::HeadNotes notes;
        const auto read = h1::read_response_head(received_, notes, limits, method, response);
        if (!read) transport.reset();
        if (!read || !*read) return !read.has_value();
        const h1::ReadHead head = **read;
        const int status = http::code(response.status);
        for (const http::FieldLine& line : response.fields.lines()) answer.fields.emplace_back(line.name, line.value);
        received_.erase(0, head.octets);
        if (status < 200) {  // interim
            answer.fields.clear();
            continue;
        }
        answer.status = status;
        framing_ = head.framing;
        content_left_ = head.content_length;
        persistence_ = head.persistence;
        chunks_.emplace(h1::ChunkedLimits{});
        is_reading = framing_ != h1::Framing::none;
        if (!is_reading) end_content();
        return true;
    }
}

// What has been received of the content, up to the end of a chunk.
void TestConnection::State::take_piece() {
    std::size_t used = 0;
    switch (framing_) {
        case h1::Framing::none: break;
        case h1::Framing::to_close: used = received_.size(); break;
        case h1::Framing::length:
            used = std::min<std::size_t>(received_.size(), content_left_);
            content_left_ -= used;
            break;
        case h1::Framing::chunked:
            while (!chunks_->done() && used < received_.size()) {
                const auto step = chunks_->read(std::string_view(received_).substr(used));
                if (!step) transport.reset();
                if (!step || step->used == 0) break;
                piece += step->content;
                used += step->used;
            }
            break;
    }
    if (framing_ != h1::Framing::chunked) piece.assign(received_, 0, used);
    received_.erase(0, used);
    const bool is_whole = (framing_ == h1::Framing::length && content_left_ == 0) ||
                          (framing_ == h1::Framing::chunked && chunks_->done());
    if (is_whole) end_content();
}

void TestConnection::State::end_content() {
    is_reading = false;
    if (persistence_ == h1::Persistence::close) transport.reset();
}

Task<void> TestConnection::State::await_piece() {
    const io::TimePoint deadline = core->now() + piece_time_max;
    while (piece.empty() && is_reading) {
        take_piece();
        if (!piece.empty() || !is_reading || !transport) co_return;
        const bool goes_on = co_await receive(deadline);
        if (!goes_on) co_return;
    }
}

Task<void> TestConnection::State::look() {
    if (!transport) co_return;
    const bool came = co_await receive(core->now() + look_time);
    static_cast<void>(came);
}

}  // namespace portico
