// portico/link/h2_outbound_exchange.cc — see h2_outbound_exchange.h.
#include "portico/link/h2_outbound_exchange.h"

#include <algorithm>
#include <cassert>
#include <cerrno>
#include <cstring>
#include <string>

#include "portico/link/announced.h"
#include "portico/link/backlog.h"
#include "portico/wire/h2/output.h"

namespace portico::link {
namespace {

using Kind = Failure::Kind;

// The content of one frame: as large as every peer accepts (RFC 9113 §4.2).
constexpr std::size_t frame_octets_max = 16 * 1024;

// For a watcher: as HTTP/1.1 would write it.
std::string head_text(const http::Request& request, const std::optional<std::uint64_t>& length) {
    std::string text;
    text.append(request.method_token).append(" ").append(request.target).append(" HTTP/2\r\nHost: ");
    text.append(request.authority).append("\r\n");
    for (const http::FieldLine& line : request.fields.lines()) {
        text.append(line.name).append(": ").append(line.value).append("\r\n");
    }
    if (length) text.append("Content-Length: ").append(std::to_string(*length)).append("\r\n");
    return text.append("\r\n");
}

}  // namespace

H2OutboundExchange::H2OutboundExchange(H2Outbound& link)
    : core_(&link.core()), limits_(&link.limits()), link_(&link), gate_(*core_), send_gate_(*core_) {
    assert(link.has_room());
}

H2OutboundExchange::~H2OutboundExchange() {
    sending_.reset();
    if (link_ == nullptr || stream_ == 0) return;
    link_->engine().released(stream_);
    link_->remove(stream_);
}

void H2OutboundExchange::begin(const http::Request& request, const Outgoing& outgoing) {
    assert(stream_ == 0 && link_ != nullptr);
    deadline_ = outgoing.deadline;
    watcher_ = outgoing.watcher;
    h2::HeadExtras extras;
    extras.content_length = outgoing.content_length();
    if (watcher_ != nullptr) watcher_->sending(head_text(request, extras.content_length));
    const bool is_empty = outgoing.producer == nullptr && outgoing.content.value_or(std::string_view()).empty();
    stream_ = link_->engine().open(request, extras, is_empty ? h2::Ending::last : h2::Ending::more);
    link_->add(*this);
    if (is_empty) {
        request_is_sent();
    } else if (outgoing.asks_first) {
        consent_ = Consent::awaited;
        sending_.emplace();
        sending_->start(begin_content_later(outgoing));
    } else if (outgoing.producer != nullptr) {
        sending_.emplace();
        sending_->start(produce(*outgoing.producer, outgoing.produced_octets));
    } else {
        set_pending(*outgoing.content, h2::Ending::last);
    }
}

Task<Answered<http::Version>> H2OutboundExchange::exchange(const http::Request& request, Outgoing outgoing,
                                                           http::Response& response) {
    begin(request, outgoing);
    std::optional<Failure> trouble = co_await await_head();
    watcher_ = nullptr;
    // A server that refuses a request, or redirects it, does not want the rest of it; nor does one that was asked, and
    // answers without it (RFC 9110 §10.1.1).
    if (!trouble && (http::code(message_.status) >= 300 || consent_ == Consent::awaited)) stop_sending();
    if (!trouble && has_all_content() && content_.empty()) {
        co_await finish();
        trouble = failure_;
    }
    if (trouble) co_return std::unexpected(*std::move(trouble));
    response = std::move(message_);
    co_return http::Version::http_2;
}

// --- The request

void H2OutboundExchange::request_is_sent() {
    sent_ = core_->now();
    gate_.open();
}

// RFC 9110 §10.1.1. False if the exchange has ended before.
Task<bool> H2OutboundExchange::await_consent() {
    const io::TimePoint latest = std::min(io::later(core_->now(), limits_->consent_time_max), deadline_);
    while (consent_ == Consent::awaited && is_open()) {
        const io::Result<void> woken = co_await send_gate_.wait(latest);
        if (woken) continue;
        if (woken.error().number != ETIMEDOUT) co_return false;
        consent_ = Consent::given;
    }
    co_return is_open();
}

Task<void> H2OutboundExchange::begin_content_later(Outgoing outgoing) {
    const bool is_wanted = co_await await_consent();
    if (is_wanted && outgoing.producer != nullptr) {
        co_await produce(*outgoing.producer, outgoing.produced_octets);
    } else if (is_wanted) {
        set_pending(*outgoing.content, h2::Ending::last);
    }
    gate_.open();  // finish() waits for the end of this task
}

void H2OutboundExchange::set_pending(std::string_view octets, h2::Ending ending) {
    assert(!octets.empty());
    pending_ = octets;
    pending_ending_ = ending;
    link_->engine().has_data(stream_, core_->now());
    link_->wake_writer();
}

void H2OutboundExchange::stop_pending() {
    if (std::exchange(pending_, {}).empty()) return;
    if (link_ != nullptr) link_->engine().has_no_data(stream_);
}

// The rest of the request is not sent.
void H2OutboundExchange::stop_sending() {
    stop_pending();
    if (sending_) sending_->request_stop();
}

void H2OutboundExchange::write_pending() {
    h2::Connection& engine = link_->engine();
    if (!has_pending()) return engine.has_no_data(stream_);
    const std::size_t octets = std::min({pending_.size(), engine.room_for_data(stream_), frame_octets_max});
    const bool is_done = octets == pending_.size();
    engine.write_data(stream_, pending_.substr(0, octets), is_done ? pending_ending_ : h2::Ending::more);
    pending_.remove_prefix(octets);
    if (!is_done) return;
    engine.has_no_data(stream_);
    if (pending_ending_ == h2::Ending::last) request_is_sent();
    send_gate_.open();
}

// Content that is made while it is sent.
class H2OutboundExchange::Writer final : public http::ContentWriter {
public:
    Writer(H2OutboundExchange& exchange, std::optional<std::uint64_t> octets)
        : exchange_(&exchange), announced_(octets) {}

    Task<bool> write(std::string_view octets) override {
        if (octets.empty() || is_over_) co_return !is_over_;
        is_over_ = !announced_.takes(octets.size()) || !exchange_->is_open();
        if (is_over_) co_return false;
        const Pending guard(*exchange_, octets);
        while (exchange_->has_pending() && !is_over_) {
            const io::Result<void> woken = co_await exchange_->send_gate_.wait(io::never);
            is_over_ = !woken || !exchange_->is_open();
        }
        co_return !is_over_;
    }
    // Whether the server accepts no more.
    [[nodiscard]] bool is_over() const { return is_over_ && !announced_.is_exceeded(); }
    // Whether everything that was announced has been written, and nothing more.
    [[nodiscard]] bool is_complete() const { return announced_.is_complete(); }

private:
    // Octets that are pending until they have been written, or this is destroyed.
    class Pending {
    public:
        Pending(H2OutboundExchange& exchange, std::string_view octets) : exchange_(&exchange) {
            exchange.set_pending(octets, h2::Ending::more);
        }
        Pending(const Pending&) = delete;
        Pending& operator=(const Pending&) = delete;
        ~Pending() { exchange_->stop_pending(); }

    private:
        H2OutboundExchange* exchange_;
    };

    H2OutboundExchange* exchange_;
    Announced announced_;
    bool is_over_ = false;
};

Task<void> H2OutboundExchange::produce(const http::Producer& producer, std::optional<std::uint64_t> octets) {
    Writer writer(*this, octets);
    const bool is_whole = co_await producer(writer);
    gate_.open();
    if (writer.is_over() || !is_open()) co_return;
    if (!is_whole || !writer.is_complete()) {
        fail({Kind::no_content, "the content of the request could not be completed"});
        co_return;
    }
    link_->engine().write_data(stream_, {}, h2::Ending::last);
    link_->wake_writer();
    request_is_sent();
}

// --- The response

void H2OutboundExchange::fail(Failure failure) {
    if (!failure_) failure_ = std::move(failure);
    if (is_open()) {
        stream_state_ = StreamState::closed;
        link_->engine().reset(stream_, h2::ErrorCode::cancel);
        link_->wake_writer();
    }
    stop_pending();
    gate_.open();
    send_gate_.open();
}

void H2OutboundExchange::take_response(const http::Response& head, h2::Ending ending) {
    if (stream_state_ != StreamState::open) return;
    if (!first_octet_) first_octet_ = core_->now();
    if (watcher_ != nullptr) watcher_->received(head, http::Version::http_2);
    if (http::code(head.status) < 200) {
        if (head.status == http::Status::continue_ && consent_ == Consent::awaited) {
            consent_ = Consent::given;
            send_gate_.open();
        }
        if (++interim_count_ > limits_->interim_count_max) {
            fail({Kind::malformed, "too many interim responses: interim_count_max"});
        }
        return;
    }
    keep_head(head);
    received_ = ending == h2::Ending::last ? Received::complete : Received::begun;
    gate_.open();
}

// What the response's views point into ends with the stream, so it is copied.
void H2OutboundExchange::keep_head(const http::Response& head) {
    std::size_t octets = 1;
    for (const http::FieldLine& line : head.fields.lines()) octets += line.name.size() + line.value.size();
    head_ = core_->buffers().try_borrow(Lending::input, octets);
    if (!head_.has_block()) return fail({Kind::no_memory, "memory is short"});
    const auto keep = [this](std::string_view text) {
        const std::span<char> room = head_.room();
        text.copy(room.data(), text.size());
        head_.grow(text.size());
        return std::string_view(room.data(), text.size());
    };
    message_.status = head.status;
    message_.content_length = head.content_length;
    for (const http::FieldLine& line : head.fields.lines()) {
        const std::string_view name = keep(line.name);
        message_.fields.add(line.known, name, keep(line.value));
    }
}

void H2OutboundExchange::take_content(std::string_view octets) {
    if (stream_state_ != StreamState::open) return link_->engine().used(stream_, octets.size());
    content_octets_ += octets.size();
    if (!h2::make_room(content_, octets.size(), core_->buffers(), Lending::input)) {
        link_->engine().used(stream_, octets.size());
        return fail({Kind::no_memory, "memory is short"});
    }
    std::memcpy(content_.room().data(), octets.data(), octets.size());
    content_.grow(octets.size());
    gate_.open();
}

void H2OutboundExchange::take_content_end() {
    received_ = Received::complete;
    gate_.open();
}

void H2OutboundExchange::take_reset(const h2::Fault& fault, bool is_peers) {
    if (stream_state_ == StreamState::open) stream_state_ = StreamState::closed;
    stop_pending();
    if (!has_all_content() && !failure_) {  // otherwise only the rest of the request is not wanted: RFC 9113 §8.1
        const bool is_refusal = fault.error == h2::ErrorCode::refused_stream;
        // A server that wants the request in another version of HTTP has not acted upon it.
        const bool wants_h1 = fault.error == h2::ErrorCode::http_1_1_required;
        if (is_peers && (is_refusal || wants_h1)) stream_state_ = StreamState::refused;
        if (is_peers) {
            const std::string why(h2::spelling(fault.error));
            failure_ = Failure{Kind::not_received, is_refusal ? "the server refuses the request"
                                                              : "the server has reset the stream: " + why};
        } else if (fault.error == h2::ErrorCode::cancel) {
            failure_ = Failure{Kind::timed_out, "the server does not accept the request in time"};
        } else {
            failure_ = Failure{Kind::malformed, "the answer is malformed: " + std::string(fault.reason)};
        }
    }
    gate_.open();
    send_gate_.open();
}

void H2OutboundExchange::connection_ended(Failure why) {
    pending_ = {};
    link_ = nullptr;
    if (!has_all_content() && !failure_) failure_ = std::move(why);
    gate_.open();
    send_gate_.open();
}

Task<std::optional<Failure>> H2OutboundExchange::await_head() {
    while (received_ == Received::awaited && !failure_) {
        io::TimePoint deadline = deadline_;
        // While the request is being sent, the connection watches the time.
        if (sent_) deadline = std::min(deadline, io::later(*sent_, limits_->response_time_max));
        const io::Result<void> woken = co_await gate_.wait(deadline);
        if (woken || received_ != Received::awaited || failure_) continue;
        if (woken.error().number == ECANCELED) {
            fail({Kind::stopped, "stopped"});
            continue;
        }
        // A server that has fallen silent altogether gets no further request.
        if (link_ != nullptr && sent_ && link_->last_received() <= *sent_) link_->retire();
        fail({Kind::timed_out, "the server does not answer in time"});
    }
    co_return failure_;
}

// The peer may send as much again.
void H2OutboundExchange::use_up(Buffer& content) {
    if (link_ != nullptr && content.has_block()) {
        link_->engine().used(stream_, content.size());
        link_->wake_writer();
    }
    content = Buffer();
}

// Waits until something has happened to the content. Returns nothing if it may go on.
Task<std::optional<Failure>> H2OutboundExchange::await_content() {
    const io::TimePoint began = core_->now();
    const io::TimePoint latest = std::min(io::later(began, limits_->content_idle_max), deadline_);
    const io::Result<void> woken = co_await gate_.wait(latest);
    content_waited_ += core_->now() - began;  // only the time spent waiting for the server, not the caller's own
    if (!woken && woken.error().number == ECANCELED) co_return Failure{Kind::stopped, "stopped"};
    if (!woken) co_return Failure{Kind::timed_out, "the content does not arrive in time"};
    const bool is_over = has_all_content() || failure_.has_value();
    if (is_over || is_fast_enough(content_octets_, content_waited_, limits_->rate_min, limits_->rate_grace)) {
        co_return std::nullopt;
    }
    co_return Failure{Kind::timed_out, "the content arrives too slowly"};
}

// The response is complete. The request is sent to its end, unless the server does not want the rest.
Task<void> H2OutboundExchange::finish() {
    const auto is_sending = [this] { return has_pending() || (sending_ && sending_->size() > 0); };
    while (is_sending() && is_open()) {
        const io::Result<void> woken = co_await gate_.wait(deadline_);
        if (!woken) break;
    }
    stop_sending();
    if (sending_) co_await sending_->join();
    if (!failure_) received_ = Received::at_end;
}

Task<Answered<std::string_view>> H2OutboundExchange::read_content() {
    use_up(reading_);
    for (;;) {
        const std::uint64_t octets = std::max(content_octets_, message_.content_length.value_or(0));
        if (!has_all_content() && !failure_ && octets > limits_->content_octets_max) {
            fail({Kind::too_large, "the content is larger than content_octets_max"});
        }
        const bool is_ours = failure_ && failure_->kind != Kind::incomplete && failure_->kind != Kind::not_received;
        if (!content_.empty() && !is_ours) {
            if (content_octets_ > limits_->content_octets_max) {
                co_return std::unexpected(Failure{Kind::too_large, "the content is larger than content_octets_max"});
            }
            reading_ = std::exchange(content_, Buffer());
            co_return reading_.octets();
        }
        if (failure_) co_return std::unexpected(*failure_);
        if (has_all_content()) {
            co_await finish();
            if (failure_) co_return std::unexpected(*failure_);
            co_return std::string_view();
        }
        std::optional<Failure> trouble = co_await await_content();
        if (trouble) fail(*std::move(trouble));
    }
}

}  // namespace portico::link
