// portico/link/h1_outbound.cc — see h1_outbound.h.
#include "portico/link/h1_outbound.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <cerrno>
#include <cstring>
#include <string>
#include <utility>

#include "portico/link/announced.h"
#include "portico/link/backlog.h"
#include "portico/wire/h1/write_head.h"
#include "portico/wire/h1/write_request.h"

namespace portico::link {
namespace {

using Kind = Failure::Kind;

Failure memory_is_short() { return {Kind::no_memory, "memory is short"}; }
Failure content_not_completed() { return {Kind::no_content, "the content of the request could not be completed"}; }
Failure content_too_slow() { return {Kind::timed_out, "the content arrives too slowly"}; }
Failure content_too_large() { return {Kind::too_large, "the content is larger than content_octets_max"}; }

std::string octets_of(std::uint64_t count) { return std::to_string(count) + (count == 1 ? " byte" : " bytes"); }

// An unfinished chunk-size or trailer line is copied to the next buffer, which has at least this much room after it.
constexpr std::size_t further_room_octets_min = 4 * 1024;

// How long the last words of a connection may take.
constexpr auto last_words_time = std::chrono::milliseconds(100);

}  // namespace

std::string_view H1Outbound::unread() const {
    const Buffer& from = content_.has_block() ? content_ : head_;
    return from.octets().substr(position_);
}

std::unexpected<Failure> H1Outbound::fail(Failure failure) {
    state_ = State::failed;
    persistence_ = h1::Persistence::close;
    failure_ = failure;
    return std::unexpected(std::move(failure));
}

void H1Outbound::begin(const Outgoing& outgoing) {
    assert(state_ == State::idle && "the exchange before has been read to its end");
    state_ = State::exchanging;
    head_ = Buffer();
    content_ = Buffer();
    position_ = 0;
    notes_ = {};
    interim_count_ = 0;
    consent_ = outgoing.asks_first ? Consent::awaited : Consent::not_needed;
    deadline_ = outgoing.deadline;
    persistence_ = outgoing.persistence;
    sent_.reset();
    first_octet_.reset();
    send_error_.reset();
    lacks_content_ = false;
    outgoing_ = outgoing;
}

Task<Answered<http::Version>> H1Outbound::exchange(const http::Request& request, Outgoing outgoing,
                                                   http::Response& response) {
    begin(outgoing);
    h1::RequestExtras extras;
    extras.persistence = outgoing.persistence;
    extras.content_length = outgoing.content_length();
    extras.is_chunked = outgoing.has_content() && !extras.content_length;
    request_head_ = h1::request_head(request, extras);
    if (outgoing.watcher != nullptr) outgoing.watcher->sending(request_head_);
    // Read while the request is sent: the server may answer early, and may not read on before its answer is received.
    sending_.emplace();
    sending_->start(send(request_head_, outgoing_));
    Answered<http::Version> version = co_await receive_head(request.method, outgoing.watcher, response);
    // A server that refuses a request, or redirects it, does not want the rest of it (RFC 9112 §9.5); nor does one that
    // was asked, and answers without it (RFC 9110 §10.1.1).
    const bool is_wanted = version && http::code(response.status) < 300 && consent_ != Consent::awaited;
    if (!is_wanted) sending_->request_stop();
    // Content that is made may depend on the content of the answer.
    const bool may_go_on = is_wanted && outgoing.producer != nullptr && framing_ != h1::Framing::none;
    if (!may_go_on) co_await end_sending();
    if (version && lacks_content_) co_return fail(content_not_completed());
    if (version && framing_ == h1::Framing::none) finish();
    co_return std::move(version);
}

// Waits until the request has been sent, or can't be.
Task<void> H1Outbound::end_sending() {
    if (sending_) co_await sending_->join();
    // The server would take the rest of the request for the next one.
    if (!sent_) persistence_ = h1::Persistence::close;
}

// A failure ends the wait for the answer, unless the server may have answered before it broke the connection.
Task<void> H1Outbound::send(std::string_view head, const Outgoing& outgoing) {
    std::array<std::string_view, 2> parts{head, outgoing.content.value_or(std::string_view())};
    if (outgoing.asks_first) {
        const bool has_asked = co_await send_parts(std::span(parts).first(1));
        if (!has_asked) co_return;
        const bool is_wanted = co_await await_consent();
        if (!is_wanted) co_return;
    }
    const bool is_sent = co_await send_parts(parts);
    if (is_sent && outgoing.producer != nullptr) {
        co_await produce(outgoing);
    } else if (is_sent) {
        sent_ = transport_.core().now();
    }
}

// RFC 9110 §10.1.1. False if the exchange has ended before.
Task<bool> H1Outbound::await_consent() {
    const io::TimePoint latest = std::min(io::later(transport_.core().now(), limits_->consent_time_max), deadline_);
    while (consent_ == Consent::awaited) {
        const io::Result<void> woken = co_await consent_gate_.wait(latest);
        if (woken) continue;
        if (woken.error().number != ETIMEDOUT) co_return false;
        consent_ = Consent::given;
    }
    co_return true;
}

// Sends at most three parts. False if they can't be sent.
Task<bool> H1Outbound::send_parts(std::span<std::string_view> parts) {
    for (;;) {
        std::array<iovec, 3> spans{};
        std::size_t count = 0;
        for (const std::string_view part : parts) {
            if (!part.empty()) spans[count++] = iovec{const_cast<char*>(part.data()), part.size()};
        }
        if (count == 0) co_return true;
        const io::TimePoint latest = io::later(transport_.core().now(), limits_->request_idle_max);
        const io::Result<std::size_t> written =
            co_await transport_.write(std::span<const iovec>(spans).first(count), std::min(latest, deadline_), false);
        if (!written) {
            send_error_ = written.error();
            const bool may_have_answered = written.error().number == EPIPE || written.error().number == ECONNRESET;
            if (!may_have_answered) reading_.end_longest();
            co_return false;
        }
        std::size_t taken = *written;
        for (std::string_view& part : parts) {
            const std::size_t here = std::min(taken, part.size());
            part.remove_prefix(here);
            taken -= here;
        }
    }
}

// Content that is made while it is sent: as many octets as were announced, or in chunks (RFC 9112 §7.1).
class H1Outbound::Chunks final : public http::ContentWriter {
public:
    Chunks(H1Outbound& link, std::optional<std::uint64_t> octets) : link_(&link), announced_(octets) {}

    Task<bool> write(std::string_view octets) override {
        if (octets.empty() || is_over_) co_return !is_over_;  // an empty chunk would be the last
        is_over_ = !announced_.takes(octets.size());
        if (is_over_) co_return false;
        h1::ChunkLine line;
        std::array<std::string_view, 3> parts{std::string_view(), octets, std::string_view()};
        if (!announced_.has_length()) {
            parts[0] = h1::write_chunk_line(octets.size(), line);
            parts[2] = "\r\n";
        }
        const bool is_sent = co_await link_->send_parts(parts);
        is_over_ = !is_sent;
        co_return is_sent;
    }
    // Whether the server accepts no more.
    [[nodiscard]] bool is_over() const { return is_over_ && !announced_.is_exceeded(); }
    // Whether everything that was announced has been written, and nothing more.
    [[nodiscard]] bool is_complete() const { return announced_.is_complete(); }

private:
    H1Outbound* link_;
    Announced announced_;
    bool is_over_ = false;
};

Task<void> H1Outbound::produce(const Outgoing& outgoing) {
    Chunks chunks(*this, outgoing.produced_octets);
    const bool is_whole = co_await (*outgoing.producer)(chunks);
    if (chunks.is_over()) co_return;
    if (!is_whole || !chunks.is_complete()) {
        lacks_content_ = true;
        reading_.end_longest();
        co_return;
    }
    if (!outgoing.produced_octets) {
        const std::string last = h1::last_chunk(http::FieldSection());
        std::array<std::string_view, 1> parts{last};
        const bool is_sent = co_await send_parts(parts);
        if (!is_sent) co_return;
    }
    sent_ = transport_.core().now();
}

Task<Answered<http::Version>> H1Outbound::receive_head(http::Method method, ExchangeWatcher* watcher,
                                                       http::Response& response) {
    for (;;) {
        if (head_.has_block()) {
            const http::Result<std::optional<h1::ReadHead>> read =
                h1::read_response_head(unread(), notes_, limits_->head, method, response);
            if (!read) co_return fail({Kind::malformed, std::string(read.error().reason)});
            if (*read) {
                const h1::ReadHead& found = **read;
                const http::Version version = notes_.version;
                if (watcher != nullptr) watcher->received(response, version);
                position_ += found.octets;
                notes_ = {};
                if (http::code(response.status) >= 200) {
                    begin_content(found);
                    co_return version;
                }
                std::optional<Failure> trouble = skip_interim(response);
                if (trouble) co_return fail(*std::move(trouble));
                continue;
            }
        }
        std::optional<Failure> trouble = co_await receive_more_head();
        if (trouble) co_return fail(*std::move(trouble));
    }
}

// RFC 9110 §15.2: a client reads and skips interim responses that it has not asked for. Without Upgrade there is no
// switching of protocols (RFC 9110 §7.8).
std::optional<Failure> H1Outbound::skip_interim(const http::Response& response) {
    if (response.status == http::Status::switching_protocols) {
        return Failure{Kind::malformed, "the server switches to a protocol that was not asked for"};
    }
    if (response.status == http::Status::continue_ && consent_ == Consent::awaited) {
        consent_ = Consent::given;
        consent_gate_.open();
    }
    if (++interim_count_ > limits_->interim_count_max) {
        return Failure{Kind::malformed, "too many interim responses: interim_count_max"};
    }
    head_.drop_front(position_);
    position_ = 0;
    head_began_ = transport_.core().now();
    return std::nullopt;
}

void H1Outbound::begin_content(const h1::ReadHead& head) {
    state_ = State::content;
    framing_ = head.framing;
    content_left_ = head.content_length;
    if (head.persistence == h1::Persistence::close) persistence_ = h1::Persistence::close;
    content_octets_ = 0;
    content_waited_ = {};
    content_received_ = 0;
    if (framing_ == h1::Framing::chunked) chunks_ = h1::ChunkedReader(limits_->chunked);
}

// The exchange is complete. Octets after it are no answer to anything (RFC 9112 §9.2).
void H1Outbound::finish() {
    state_ = State::idle;
    if (!unread().empty()) persistence_ = h1::Persistence::close;
    position_ = head_.size();
    content_ = Buffer();
}

io::TimePoint H1Outbound::head_deadline() const {
    const io::TimePoint now = transport_.core().now();
    // While the request is being sent, send() watches the time.
    io::TimePoint deadline = io::later(sent_.value_or(now), limits_->response_time_max);
    if (!unread().empty()) deadline = std::min(deadline, io::later(head_began_, limits_->head_time_max));
    return std::min(deadline, deadline_);
}

// No views point into head_ here, so its octets may move.
std::optional<Failure> H1Outbound::make_room_for_head() {
    if (head_.has_block() && head_.size() < head_.capacity()) return std::nullopt;
    const std::size_t octets_max = limits_->head.head_octets_max + 1024;
    assert(head_.size() < octets_max && "read_response_head() refuses a head that is too large");
    const std::size_t wanted = std::min(std::max(head_.capacity() * 2, BufferPool::usual_octets), octets_max);
    Buffer larger = transport_.core().buffers().try_borrow(Lending::input, std::max(wanted, head_.capacity() + 1024));
    if (!larger.has_block()) return memory_is_short();
    if (!head_.empty()) std::memcpy(larger.room().data(), head_.octets().data(), head_.size());
    larger.grow(head_.size());
    head_ = std::move(larger);
    return std::nullopt;
}

Task<std::optional<Failure>> H1Outbound::receive_more_head() {
    io::Core& core = transport_.core();
    std::optional<Failure> trouble = make_room_for_head();
    if (trouble) co_return trouble;
    for (;;) {
        if (send_error_ && send_error_->number != EPIPE && send_error_->number != ECONNRESET) {
            co_return lost_while_sending();
        }
        if (lacks_content_) co_return content_not_completed();
        const io::TimePoint deadline = head_deadline();
        const io::Result<std::size_t> octets = co_await transport_.read(head_.room(), deadline, &reading_);
        // If the request has been sent in the meantime, the time for the answer began then.
        if (!octets && octets.error().number == ETIMEDOUT && core.now() < head_deadline()) continue;
        if (!octets && octets.error().number == ECANCELED && send_error_) continue;
        if (!octets && octets.error().number == ECANCELED && lacks_content_) continue;
        if (!octets) co_return lost(octets.error(), Part::head);
        if (*octets == 0 && send_error_) co_return lost_while_sending();
        if (*octets == 0 && !first_octet_) {
            co_return Failure{Kind::no_answer, "the server closed the connection without an answer"};
        }
        if (*octets == 0) {
            co_return Failure{Kind::not_received,
                              "the server closed the connection before the end of its answer's head"};
        }
        if (!first_octet_) first_octet_ = core.now();
        if (unread().empty()) head_began_ = core.now();
        head_.grow(*octets);
        co_return std::nullopt;
    }
}

Failure H1Outbound::lost_while_sending() const {
    const int number = send_error_->number;
    if (number == ETIMEDOUT) return {Kind::timed_out, "the server does not accept the request in time"};
    if (number == ECANCELED) return {Kind::stopped, "stopped"};
    if (number == ENOBUFS) return memory_is_short();
    return {Kind::not_sent, "the connection was lost while the request was sent: " + reason(*send_error_)};
}

std::string H1Outbound::reason(const io::Error& error) const {
    const bool is_tls = error.number == EPROTO && transport_.session() != nullptr;
    return is_tls ? std::string(transport_.session()->failure()) : std::strerror(error.number);
}

Failure H1Outbound::lost(const io::Error& error, Part part) const {
    const bool is_head = part == Part::head;
    switch (error.number) {
        case ETIMEDOUT:
            if (is_head && !first_octet_) return {Kind::timed_out, "the server does not answer in time"};
            return {Kind::timed_out,
                    is_head ? "the head of the answer does not arrive in time" : "the content does not arrive in time"};
        case ECANCELED: return {Kind::stopped, "stopped"};
        case ENOBUFS: return memory_is_short();
        default: break;
    }
    if (!sent_ && !first_octet_)
        return {Kind::not_sent, "the connection was lost while the request was sent: " + reason(error)};
    return {Kind::not_received, "the connection was lost: " + reason(error)};
}

// Receives further octets of content. All of the input is used up, except part of a chunk-size or trailer line, which
// is moved along. Returns nothing if octets arrived in time, or the content ends with the stream.
Task<std::optional<Failure>> H1Outbound::receive_content() {
    io::Core& core = transport_.core();
    const std::string_view kept = unread();
    if (kept.empty() && content_.has_block()) {
        content_.clear();
    } else {
        Buffer next = core.buffers().try_borrow(Lending::input, kept.size() + further_room_octets_min);
        if (!next.has_block()) co_return memory_is_short();
        if (!kept.empty()) std::memcpy(next.room().data(), kept.data(), kept.size());
        next.grow(kept.size());
        content_ = std::move(next);
    }
    position_ = 0;
    const io::TimePoint began = core.now();
    const io::TimePoint latest = io::later(began, limits_->content_idle_max);
    const io::Result<std::size_t> octets = co_await transport_.read(content_.room(), std::min(latest, deadline_));
    content_waited_ += core.now() - began;  // only the time spent waiting for the server, not the caller's own
    if (!octets) co_return lost(octets.error(), Part::content);
    if (*octets == 0) co_return end_of_stream();
    content_.grow(*octets);
    content_received_ += *octets;
    if (is_fast_enough(content_received_, content_waited_, limits_->rate_min, limits_->rate_grace)) {
        co_return std::nullopt;
    }
    co_return content_too_slow();
}

// RFC 9112 §8: content with a length or in chunks is incomplete; other content has ended, unless TLS tells that an
// attacker may have cut it (RFC 9112 §9.8).
std::optional<Failure> H1Outbound::end_of_stream() {
    switch (framing_) {
        case h1::Framing::length:
            return Failure{Kind::incomplete, "the connection ended, and " + octets_of(content_left_) + " are missing"};
        case h1::Framing::chunked: return Failure{Kind::incomplete, "the connection ended before the last chunk"};
        case h1::Framing::to_close: {
            const tls::Session* const session = transport_.session();
            if (session != nullptr && !session->has_peer_said_end()) {
                return Failure{Kind::incomplete, "the connection ended without the end of TLS: content may be missing"};
            }
            framing_ = h1::Framing::none;
            return std::nullopt;
        }
        case h1::Framing::none: break;
    }
    return std::nullopt;
}

// The part of the content that has been received, or nothing of it at its end. Nothing if neither has arrived.
Answered<std::optional<std::string_view>> H1Outbound::content_at_once() {
    constexpr std::string_view end;
    const auto counted = [this](std::string_view octets) -> Answered<std::optional<std::string_view>> {
        content_octets_ += octets.size();
        if (content_octets_ > limits_->content_octets_max) return std::unexpected(content_too_large());
        return octets;
    };
    switch (framing_) {
        case h1::Framing::none: return end;
        case h1::Framing::length: {
            if (content_left_ > limits_->content_octets_max) return std::unexpected(content_too_large());
            if (content_left_ == 0) return end;
            const std::string_view octets = unread().substr(0, content_left_);
            if (octets.empty()) return std::nullopt;
            position_ += octets.size();
            content_left_ -= octets.size();
            return counted(octets);
        }
        case h1::Framing::to_close: {
            const std::string_view octets = unread();
            if (octets.empty()) return std::nullopt;
            position_ += octets.size();
            return counted(octets);
        }
        case h1::Framing::chunked: break;
    }
    while (!chunks_.done()) {
        const http::Result<h1::ChunkedReader::Step> step = chunks_.read(unread());
        if (!step) return std::unexpected(Failure{Kind::malformed, std::string(step.error().reason)});
        if (step->used == 0) return std::nullopt;
        position_ += step->used;
        if (!step->content.empty()) return counted(step->content);
    }
    return end;
}

Task<Answered<std::string_view>> H1Outbound::read_content() {
    assert(state_ != State::exchanging && "an exchange comes first");
    if (state_ == State::failed) co_return std::unexpected(*failure_);
    if (state_ == State::idle) co_return std::string_view();
    for (;;) {
        Answered<std::optional<std::string_view>> step = content_at_once();
        if (!step) co_return fail(std::move(step.error()));
        if (*step) {
            if (!(*step)->empty()) co_return **step;
            co_await end_sending();
            if (lacks_content_) co_return fail(content_not_completed());
            finish();
            co_return std::string_view();
        }
        std::optional<Failure> trouble = co_await receive_content();
        if (trouble) co_return fail(*std::move(trouble));
    }
}

Task<bool> H1Outbound::is_alive() {
    std::array<char, 1> room{};
    const io::Result<std::size_t> octets = co_await transport_.read(room, transport_.core().now());
    co_return !octets && octets.error().number == ETIMEDOUT;
}

Task<void> H1Outbound::part() { co_await transport_.say_end(transport_.core().now() + last_words_time); }

}  // namespace portico::link
