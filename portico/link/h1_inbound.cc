// portico/link/h1_inbound.cc — see h1_inbound.h.
#include "portico/link/h1_inbound.h"

#include <algorithm>
#include <cassert>
#include <cerrno>
#include <cstring>
#include <utility>

#include "portico/link/refusals.h"

namespace portico::link {
namespace {

// An unfinished chunk-size or trailer line is copied to the next buffer, which has at least this much room after it.
constexpr std::size_t content_room_octets_min = 4 * 1024;

}  // namespace

std::string_view H1Inbound::unread() const {
    const Buffer& from = content_.has_block() ? content_ : received_;
    return from.octets().substr(position_);
}

void H1Inbound::take(Buffer received, io::TimePoint head_deadline) {
    assert(!has_unread() && "the octets before were used up");
    received_ = std::move(received);
    content_ = Buffer();
    position_ = 0;
    notes_ = {};
    head_deadline_ = head_deadline;
}

// Gives up the octets that the last request's views point into.
void H1Inbound::finish_request() {
    if (content_.has_block()) received_ = std::exchange(content_, Buffer());
    if (position_ == received_.size()) {
        received_ = std::exchange(ahead_, Buffer());
        position_ = 0;
        notes_ = {};
        if (received_.has_block()) head_deadline_ = transport_->core().now() + limits_->head_time_max;
    }
    assert(!ahead_.has_block() && "nothing is read ahead while octets are unread");
}

// Between two exchanges: what the first one waited for has ended, so nothing refers to its limits any more.
void H1Inbound::take_present_limits() {
    if (in_force_ == context_->in_force()) return;
    in_force_ = context_->in_force();
    limits_ = &in_force_->limits;
}

std::optional<Arrival> H1Inbound::next_request_at_once(http::Request& request) {
    take_present_limits();
    finish_request();
    if (received_.has_block()) {
        const http::Result<std::optional<h1::ReadHead>> head = h1::read_head(unread(), notes_, limits_->head, request);
        version_ = notes_.version;
        if (!head) {
            refusal_ = head.error();
            return Arrival::refused;
        }
        if (*head) {
            const h1::ReadHead& read = **head;
            position_ += read.octets;
            notes_ = {};
            framing_ = read.framing;
            persistence_ = read.persistence;
            content_left_ = read.content_length;
            content_octets_ = 0;
            content_waited_ = {};
            content_received_ = 0;
            invites_content_ = request.expectation == http::Expectation::continue_ && !has_unread();
            if (framing_ == h1::Framing::chunked) chunks_ = h1::ChunkedReader(limits_->chunked);
            return Arrival::request;
        }
    }
    if (!output_.empty()) return std::nullopt;
    output_ = Buffer();
    if (!received_.has_block()) return Arrival::idle;
    return std::nullopt;
}

Task<Arrival> H1Inbound::next_request(http::Request& request, io::TimePoint latest) {
    for (;;) {
        const std::optional<Arrival> arrival = next_request_at_once(request);
        if (arrival) co_return *arrival;
        if (!output_.empty()) {
            const Sent sent = co_await flush();
            if (sent == Sent::ended) give_up();
            if (sent != Sent::whole) co_return Arrival::left;
            continue;
        }
        if (!make_room_for_head()) co_return refuse_head(request);
        const io::TimePoint deadline = std::min(head_deadline_, latest);
        const io::Result<std::size_t> octets = co_await transport_->read(received_.room(), deadline);
        if (octets && *octets > 0) {
            received_.grow(*octets);
            continue;
        }
        if (octets || octets.error().number != ETIMEDOUT) co_return Arrival::left;
        refusal_ = too_slow();
        co_return refuse_head(request);
    }
}

// The head will not be read to its end. An answer to HEAD has no content, not even a refusal (RFC 9110 §9.3.2).
Arrival H1Inbound::refuse_head(http::Request& request) const {
    std::string_view head = unread();
    if (head.starts_with("\r\n")) head.remove_prefix(2);  // an empty line may come first (RFC 9112 §2.2)
    if (head.starts_with("HEAD ")) request.method = http::Method::head;
    return Arrival::refused;
}

// No request's views point into received_ here, so its octets may move. False if the limit or the memory leaves no room
// to grow: see refusal_.
bool H1Inbound::make_room_for_head() {
    if (position_ > 0) {
        received_.drop_front(position_);
        position_ = 0;
        head_deadline_ = transport_->core().now() + limits_->head_time_max;  // a further request's first octets
    }
    if (received_.size() < received_.capacity()) return true;
    if (received_.size() > limits_->head.head_octets_max) {
        refusal_ = {http::Status::request_header_fields_too_large, "head larger than head_octets_max"};
        return false;
    }
    const std::size_t wanted = std::min(received_.capacity() * 2, limits_->head.head_octets_max + 1024);
    BufferPool& pool = transport_->core().buffers();
    Buffer larger = pool.try_borrow(Lending::input, std::max(wanted, received_.capacity() + 1024));
    if (!larger.has_block()) {
        refusal_ = no_memory();
        return false;
    }
    std::memcpy(larger.room().data(), received_.octets().data(), received_.size());
    larger.grow(received_.size());
    received_ = std::move(larger);
    return true;
}

bool H1Inbound::awaits_content() const {
    switch (framing_) {
        case h1::Framing::none: return false;
        case h1::Framing::length: return content_left_ > unread().size();
        case h1::Framing::chunked: return true;
        case h1::Framing::to_close: break;  // no request's
    }
    return false;
}

std::optional<ContentEnd> H1Inbound::refuse(http::Refusal refusal) {
    refusal_ = refusal;
    return ContentEnd::refused;
}

std::optional<ContentEnd> H1Inbound::discard_content_at_once() {
    switch (framing_) {
        case h1::Framing::none: return ContentEnd::complete;
        case h1::Framing::length: return drop_length();
        case h1::Framing::chunked: return drop_chunks();
        case h1::Framing::to_close: break;  // no request's
    }
    return ContentEnd::complete;
}

std::optional<ContentEnd> H1Inbound::drop_length() {
    if (content_left_ > limits_->content_octets_max) return refuse(too_large());
    const std::size_t here = std::min<std::uint64_t>(content_left_, unread().size());
    position_ += here;
    content_left_ -= here;
    if (content_left_ > 0) return std::nullopt;
    framing_ = h1::Framing::none;
    return ContentEnd::complete;
}

std::optional<ContentEnd> H1Inbound::drop_chunks() {
    while (!chunks_.done()) {
        const http::Result<h1::ChunkedReader::Step> step = chunks_.read(unread());
        if (!step) return refuse(step.error());
        if (step->used == 0) return std::nullopt;
        position_ += step->used;
        content_octets_ += step->content.size();
        if (content_octets_ > limits_->content_octets_max) return refuse(too_large());
    }
    framing_ = h1::Framing::none;
    return ContentEnd::complete;
}

Task<ContentEnd> H1Inbound::discard_content() {
    for (;;) {
        const std::optional<ContentEnd> end = discard_content_at_once();
        if (end) co_return *end;
        const std::optional<ContentEnd> trouble = co_await receive_content();
        if (trouble) co_return *trouble;
    }
}

// Receives further octets of content. All of the input is used up, except part of a chunk-size or trailer line, which
// is moved along. Returns nothing if octets arrived in time.
Task<std::optional<ContentEnd>> H1Inbound::receive_content() {
    io::Core& core = transport_->core();
    const std::string_view kept = unread();
    if (kept.empty() && content_.has_block()) {
        content_.clear();
    } else {
        Buffer next = core.buffers().try_borrow(Lending::input, kept.size() + content_room_octets_min);
        if (!next.has_block()) co_return refuse(no_memory());
        if (!kept.empty()) std::memcpy(next.room().data(), kept.data(), kept.size());
        next.grow(kept.size());
        content_ = std::move(next);
    }
    position_ = 0;
    const io::TimePoint began = core.now();
    const io::Result<std::size_t> octets =
        co_await transport_->read(content_.room(), began + limits_->content_idle_max, transfers_);
    // Count only the time spent waiting for the peer, not our own processing.
    content_waited_ += core.now() - began;
    // The wait was ended to give memory back (WaitingPlace). If the task was asked to stop, nobody sees the refusal.
    if (!octets && octets.error().number == ECANCELED) co_return refuse(no_memory());
    const bool late = !octets && octets.error().number == ETIMEDOUT;
    if (!late && (!octets || *octets == 0)) co_return ContentEnd::left;
    if (octets) {
        content_.grow(*octets);
        content_received_ += *octets;
        if (is_fast_enough(content_received_, content_waited_, *limits_)) co_return std::nullopt;
    }
    refusal_ = too_slow();
    co_return ContentEnd::refused;
}

// The part of the content that has been received, or its end; nothing if neither has arrived.
std::optional<ContentStep> H1Inbound::content_at_once() {
    const auto ended = [this](ContentEnd end) {
        if (end == ContentEnd::complete) framing_ = h1::Framing::none;
        return ContentStep{{}, end};
    };
    if (framing_ == h1::Framing::none) return ended(ContentEnd::complete);
    if (framing_ == h1::Framing::length) {
        if (content_left_ > limits_->content_octets_max) return ended(*refuse(too_large()));
        if (content_left_ == 0) return ended(ContentEnd::complete);
        const auto octets = unread().substr(0, content_left_);
        if (octets.empty()) return std::nullopt;
        position_ += octets.size();
        content_left_ -= octets.size();
        return ContentStep{octets, ContentEnd::complete};
    }
    while (!chunks_.done()) {
        const http::Result<h1::ChunkedReader::Step> step = chunks_.read(unread());
        if (!step) return ended(*refuse(step.error()));
        if (step->used == 0) return std::nullopt;
        position_ += step->used;
        content_octets_ += step->content.size();
        if (content_octets_ > limits_->content_octets_max) return ended(*refuse(too_large()));
        if (!step->content.empty()) return ContentStep{step->content, ContentEnd::complete};
    }
    return ended(ContentEnd::complete);
}

Task<ContentStep> H1Inbound::read_content() {
    for (;;) {
        const std::optional<ContentStep> step = content_at_once();
        if (step) co_return *step;
        std::optional<ContentEnd> trouble = co_await invite_content();
        if (!trouble) trouble = co_await receive_content();
        if (trouble) co_return ContentStep{{}, *trouble};
    }
}

// RFC 9110 §10.1.1: once, if the peer waits for it and has not begun to send the content unasked. Answers to earlier
// requests are sent first.
Task<std::optional<ContentEnd>> H1Inbound::invite_content() {
    const bool is_due = std::exchange(invites_content_, false);
    if (!is_due && output_.empty()) co_return std::nullopt;
    if (is_due) {
        constexpr std::string_view invitation = "HTTP/1.1 100 Continue\r\n\r\n";
        if (!output_.has_block() || output_.room().size() < invitation.size()) {
            const Sent before = co_await flush();
            if (before != Sent::whole) co_return trouble_with(before);
            if (!has_output_for(invitation.size())) co_return refuse(no_memory());
        }
        std::memcpy(output_.room().data(), invitation.data(), invitation.size());
        output_.grow(invitation.size());
    }
    const Sent sent = co_await flush();
    co_return trouble_with(sent);
}

// How the content ends if the output could not be sent; nothing if it was sent. See receive_content() for a wait that
// was ended.
std::optional<ContentEnd> H1Inbound::trouble_with(Sent sent) {
    if (sent == Sent::whole) return std::nullopt;
    return sent == Sent::ended ? refuse(no_memory()) : ContentEnd::left;
}

bool H1Inbound::has_just_its_content() const {
    if (framing_ == h1::Framing::none) return !has_unread();
    return framing_ == h1::Framing::length && unread().size() == content_left_;
}

Task<bool> H1Inbound::watch_peer() {
    if (has_just_its_content() && !ahead_.has_block() && !has_half_closed_) {
        io::Result<Buffer> received = co_await transport_->read_ahead(io::never);
        if (received) {
            has_half_closed_ = received->empty();
            ahead_ = std::move(*received);
        } else if (received.error().number == ECANCELED) {
            co_return false;
        } else if (received.error().number != ENOBUFS) {
            co_return true;
        }
    }
    const io::Result<void> hung_up = co_await transport_->hang_up(io::never);
    co_return hung_up.has_value();
}

Task<io::Result<Buffer>> H1Inbound::receive_upgraded(io::TimePoint deadline) {
    // The request's views point into the first buffer, which therefore stays.
    const std::string_view rest = unread();
    if (!rest.empty()) {
        Buffer copy = transport_->core().buffers().try_borrow(Lending::input, rest.size());
        if (!copy.has_block()) co_return io::fail(ENOBUFS, "read");
        std::memcpy(copy.room().data(), rest.data(), rest.size());
        copy.grow(rest.size());
        position_ += rest.size();
        co_return std::move(copy);
    }
    if (ahead_.has_block()) co_return std::exchange(ahead_, Buffer());
    if (has_half_closed_) co_return Buffer();
    io::Result<Buffer> received = co_await transport_->read_ahead(deadline);
    co_return std::move(received);
}

}  // namespace portico::link
