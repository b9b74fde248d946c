// portico/link/h1_inbound.cc — see h1_inbound.h.
#include "portico/link/h1_inbound.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <cstring>
#include <utility>

#include "portico/wire/h1/write_head.h"

namespace portico::link {
namespace {

// Pieces up to this size are copied behind their head: one span costs the kernel less than two, and the copy less than
// that.
constexpr std::size_t copied_octets_max = 4 * 1024;

// Of a file at a time: so much is looked at, and fetched from the disk if it must be, before it is sent.
constexpr std::uint64_t window_octets = 1024 * 1024;

http::Refusal too_slow() { return {http::Status::request_timeout, "the request came too slowly"}; }
http::Refusal too_large() { return {http::Status::content_too_large, "content larger than content_octets_max"}; }

}  // namespace

// Watches that a transfer keeps a least mean rate, once it has taken longer than the grace.
class H1Inbound::Pace {
public:
    Pace(io::TimePoint start, const InboundLimits& limits) : start_(start), limits_(&limits) {}

    // Whether the transfer, with `octets` more by `now`, is fast enough to go on.
    [[nodiscard]] bool goes_on(std::uint64_t octets, io::TimePoint now) {
        octets_ += octets;
        const auto time = std::chrono::duration_cast<std::chrono::milliseconds>(now - start_);
        if (time <= limits_->rate_grace) return true;
        return octets_ * 1000 >= limits_->rate_min * static_cast<std::uint64_t>(time.count());
    }

private:
    io::TimePoint start_;
    const InboundLimits* limits_;
    std::uint64_t octets_ = 0;
};

std::string_view H1Inbound::unread() const {
    const Buffer& from = content_.has_block() ? content_ : received_;
    return from.octets().substr(position_);
}

void H1Inbound::take(Buffer received, io::TimePoint head_deadline) {
    assert(!has_unread() && "the octets before were used up");
    received_ = std::move(received);
    content_ = Buffer();
    position_ = 0;
    searched_ = 0;
    head_deadline_ = head_deadline;
}

// What the last request's views point into is given up.
void H1Inbound::finish_request() {
    if (content_.has_block()) received_ = std::exchange(content_, Buffer());
    if (position_ == received_.size()) {
        received_ = Buffer();
        position_ = 0;
    }
}

std::optional<Arrival> H1Inbound::next_request_at_once(http::Request& request) {
    finish_request();
    if (received_.has_block()) {
        const http::Result<std::optional<std::size_t>> head =
            h1::read_head(unread(), searched_, limits_->head, request);
        if (!head) {
            refusal_ = head.error();
            return Arrival::refused;
        }
        if (*head) {
            position_ += **head;
            searched_ = 0;
            framing_ = request.framing;
            content_left_ = request.content_length;
            content_octets_ = 0;
            if (framing_ == http::Framing::chunked) chunks_ = h1::ChunkedReader(limits_->chunked);
            return Arrival::request;
        }
    }
    if (!output_.empty()) return std::nullopt;
    output_ = Buffer();
    if (!received_.has_block()) return Arrival::idle;
    return std::nullopt;
}

Task<Arrival> H1Inbound::next_request(http::Request& request) {
    for (;;) {
        const std::optional<Arrival> arrival = next_request_at_once(request);
        if (arrival) co_return *arrival;
        if (!output_.empty()) {
            const Sent sent = co_await flush();
            if (sent != Sent::whole) co_return Arrival::left;
            continue;
        }
        if (!make_room_for_head()) {
            refusal_ = {http::Status::request_header_fields_too_large, "head larger than head_octets_max"};
            co_return Arrival::refused;
        }
        const io::Result<std::size_t> octets = co_await stream_->read(received_.room(), head_deadline_);
        if (octets && *octets > 0) {
            received_.grow(*octets);
            continue;
        }
        if (octets || octets.error().number != ETIMEDOUT) co_return Arrival::left;
        refusal_ = too_slow();
        co_return Arrival::refused;
    }
}

// No request's views point into received_ here: its octets may move. False where the limit leaves no room to grow into.
bool H1Inbound::make_room_for_head() {
    if (position_ > 0) {
        received_.drop_front(position_);
        position_ = 0;
        head_deadline_ = stream_->core().now() + limits_->head_time_max;  // a further request's first octets
    }
    if (received_.size() < received_.capacity()) return true;
    if (received_.size() > limits_->head.head_octets_max) return false;
    const std::size_t wanted = std::min(received_.capacity() * 2, limits_->head.head_octets_max + 1024);
    Buffer larger = stream_->core().buffers().borrow(std::max(wanted, received_.capacity() + 1024));
    std::memcpy(larger.room().data(), received_.octets().data(), received_.size());
    larger.grow(received_.size());
    received_ = std::move(larger);
    return true;
}

bool H1Inbound::awaits_content() const {
    switch (framing_) {
        case http::Framing::none: return false;
        case http::Framing::length: return content_left_ > unread().size();
        case http::Framing::chunked: return true;
    }
    return false;
}

std::optional<ContentEnd> H1Inbound::refuse(http::Refusal refusal) {
    refusal_ = refusal;
    return ContentEnd::refused;
}

std::optional<ContentEnd> H1Inbound::discard_content_at_once() {
    switch (framing_) {
        case http::Framing::none: return ContentEnd::complete;
        case http::Framing::length: return drop_length();
        case http::Framing::chunked: return drop_chunks();
    }
    return ContentEnd::complete;
}

std::optional<ContentEnd> H1Inbound::drop_length() {
    if (content_left_ > limits_->content_octets_max) return refuse(too_large());
    const std::size_t here = std::min<std::uint64_t>(content_left_, unread().size());
    position_ += here;
    content_left_ -= here;
    if (content_left_ > 0) return std::nullopt;
    framing_ = http::Framing::none;
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
    framing_ = http::Framing::none;
    return ContentEnd::complete;
}

Task<ContentEnd> H1Inbound::discard_content() {
    io::Core& core = stream_->core();
    Pace pace(core.now(), *limits_);
    for (;;) {
        const std::optional<ContentEnd> end = discard_content_at_once();
        if (end) co_return *end;
        // All octets of the input are used up, but for a piece of a chunk-size or trailer line, which moves along.
        Buffer next = core.buffers().borrow();
        const std::string_view kept = unread();
        assert(kept.size() < next.capacity() && "the reader refuses longer lines");
        std::memcpy(next.room().data(), kept.data(), kept.size());
        next.grow(kept.size());
        content_ = std::move(next);
        position_ = 0;
        const io::TimePoint deadline = core.now() + limits_->content_idle_max;
        const io::Result<std::size_t> octets = co_await stream_->read(content_.room(), deadline);
        const bool late = !octets && octets.error().number == ETIMEDOUT;
        if (!late && (!octets || *octets == 0)) co_return ContentEnd::left;
        if (octets) content_.grow(*octets);
        if (!late && pace.goes_on(*octets, core.now())) continue;
        refusal_ = too_slow();
        co_return ContentEnd::refused;
    }
}

void H1Inbound::write_head(const http::Request& request, const http::Response& response, std::string_view date,
                           http::Persistence persistence) {
    h1::HeadExtras extras;
    extras.date = date;
    extras.persistence = persistence;
    extras.peer_version = request.version;
    if (http::may_have_content(response.status)) extras.content_length = response.content_octets();
    const std::size_t needed = h1::head_octets_at_most(response, extras);
    if (!output_.has_block()) output_ = stream_->core().buffers().borrow(needed);
    assert(needed <= output_.room().size() && "can_queue, or an empty output");
    output_.grow(h1::write_head(response, extras, output_.room()));
}

bool H1Inbound::can_queue(const http::Request& request, const http::Response& response) const {
    const std::size_t room = (output_.has_block() ? output_.capacity() : BufferPool::usual_octets) - output_.size();
    std::size_t content = 0;
    if (request.method != http::Method::head) {
        for (const http::Piece& piece : response.content) {
            if (piece.file != nullptr || piece.length > copied_octets_max) return false;
            content += piece.octets.size();
        }
    }
    h1::HeadExtras extras;
    extras.content_length = content;
    return h1::head_octets_at_most(response, extras) + content <= room;
}

void H1Inbound::queue(const http::Request& request, const http::Response& response, std::string_view date,
                      http::Persistence persistence) {
    write_head(request, response, date, persistence);
    if (request.method == http::Method::head || !http::may_have_content(response.status)) return;
    for (const http::Piece& piece : response.content) {
        std::memcpy(output_.room().data(), piece.octets.data(), piece.octets.size());
        output_.grow(piece.octets.size());
    }
}

void H1Inbound::output_sent(std::size_t octets) {
    if (octets == output_.size()) {
        output_ = Buffer();
    } else {
        output_.drop_front(octets);
    }
}

Task<Sent> H1Inbound::send(const http::Request& request, const http::Response& response, std::string_view date,
                           http::Persistence persistence) {
    if (can_queue(request, response)) {
        queue(request, response, date, persistence);
        const Sent flushed = co_await flush();
        co_return flushed;
    }
    if (!output_.empty()) {
        const Sent sent = co_await flush();
        if (sent != Sent::whole) co_return sent;
    }
    output_ = Buffer();  // a long head gets a block of its own size
    write_head(request, response, date, persistence);
    const bool head_only = request.method == http::Method::head || !http::may_have_content(response.status);
    if (head_only || response.content.empty()) {
        const Sent sent = co_await flush();
        co_return sent;
    }

    Pace pace(stream_->core().now(), *limits_);
    for (std::size_t i = 0; i < response.content.size(); ++i) {
        const http::Piece& piece = response.content[i];
        const bool more = i + 1 < response.content.size();
        Sent sent = Sent::whole;
        if (piece.file == nullptr) {
            sent = co_await send_memory(piece.octets, more, pace);
        } else if (piece.length > 0) {
            sent = co_await send_range(piece, pace);
        }
        if (sent != Sent::whole) co_return sent;
    }
    const Sent rest = co_await flush();
    co_return rest;
}

// Sends what is in the output, then `octets`.
Task<Sent> H1Inbound::send_memory(std::string_view octets, bool more, Pace& pace) {
    io::Core& core = stream_->core();
    while (!output_.empty() || !octets.empty()) {
        const std::string_view head = output_.octets();
        const std::array<iovec, 2> spans{iovec{const_cast<char*>(head.data()), head.size()},
                                         iovec{const_cast<char*>(octets.data()), octets.size()}};
        const auto all = std::span(spans).subspan(head.empty() ? 1 : 0, head.empty() || octets.empty() ? 1 : 2);
        const io::Result<std::size_t> written = co_await stream_->write(all, write_deadline(), more);
        if (!written || !pace.goes_on(*written, core.now())) co_return Sent::left;
        const std::size_t of_head = std::min(*written, head.size());
        if (of_head > 0) output_sent(of_head);
        octets.remove_prefix(*written - of_head);
    }
    co_return Sent::whole;
}

Task<Sent> H1Inbound::send_range(const http::Piece& piece, Pace& pace) {
    io::Core& core = stream_->core();
    const Sent head = co_await send_memory({}, true, pace);
    if (head != Sent::whole) co_return head;
    std::uint64_t offset = piece.offset;
    std::uint64_t left = piece.length;
    while (left > 0) {
        const std::uint64_t window = std::min(left, window_octets);
        if (!core.kernel().files().is_in_memory(*piece.file, offset, window)) {
            co_await bring_into_memory(*piece.file, offset, window);
        }
        const io::Result<std::size_t> sent = co_await stream_->send_file(*piece.file, offset, window, write_deadline());
        if (!sent || !pace.goes_on(*sent, core.now())) co_return Sent::left;
        if (*sent == 0 || has_changed(piece)) co_return Sent::cut;
        offset += *sent;
        left -= *sent;
    }
    co_return Sent::whole;
}

// The kernel would read what it has not in memory while it sends, and every connection of this core would wait for the
// disk.
Task<void> H1Inbound::bring_into_memory(const Fd& file, std::uint64_t offset, std::uint64_t length) {
    io::FileSystem& files = stream_->core().kernel().files();
    auto read = [&files, &file, offset, length] { return files.bring_into_memory(file, offset, length); };
    // Where it can't be read, sending it will say so.
    const std::optional<bool> done = co_await io::offload(stream_->core(), std::move(read));
    static_cast<void>(done);
}

// A file that was written to since its response was made would arrive as a mixture of two versions. Asked after each
// part, also the last: a part may have waited long for a slow peer, and what of it that peer has not received, a reset
// takes back. The status of an open file is in memory.
bool H1Inbound::has_changed(const http::Piece& piece) const {
    const io::Result<io::FileStatus> status = stream_->core().kernel().files().status(*piece.file);
    return !status || status->size != piece.file_octets ||
           status->modified.time_since_epoch().count() != piece.file_modified;
}

Task<Sent> H1Inbound::flush() {
    Pace pace(stream_->core().now(), *limits_);
    const Sent sent = co_await send_memory({}, false, pace);
    co_return sent;
}

}  // namespace portico::link
