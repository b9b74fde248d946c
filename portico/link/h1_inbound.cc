// portico/link/h1_inbound.cc — see h1_inbound.h.
#include "portico/link/h1_inbound.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <charconv>
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

namespace {

// Whether `octets` in `time` are the least mean rate, or the grace is not over.
bool is_fast_enough(std::uint64_t octets, io::Duration time, const InboundLimits& limits) {
    const auto elapsed = std::chrono::duration_cast<std::chrono::milliseconds>(time);
    if (elapsed <= limits.rate_grace) return true;
    return octets * 1000 >= limits.rate_min * static_cast<std::uint64_t>(elapsed.count());
}

}  // namespace

// Watches that a transfer keeps a least mean rate, once it has taken longer than the grace.
class H1Inbound::Pace {
public:
    Pace(io::TimePoint start, const InboundLimits& limits) : start_(start), limits_(&limits) {}

    // Whether the transfer, with `octets` more by `now`, is fast enough to go on.
    [[nodiscard]] bool goes_on(std::uint64_t octets, io::TimePoint now) {
        octets_ += octets;
        return is_fast_enough(octets_, now - start_, *limits_);
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
        received_ = std::exchange(ahead_, Buffer());
        position_ = 0;
        searched_ = 0;
        if (received_.has_block()) head_deadline_ = stream_->core().now() + limits_->head_time_max;
    }
    assert(!ahead_.has_block() && "nothing is read ahead while octets are unread");
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
            content_waited_ = {};
            content_received_ = 0;
            invites_content_ = request.expectation == http::Expectation::continue_;
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
    for (;;) {
        const std::optional<ContentEnd> end = discard_content_at_once();
        if (end) co_return *end;
        const std::optional<ContentEnd> trouble = co_await receive_content();
        if (trouble) co_return *trouble;
    }
}

// Further octets of content. All of the input is used up, but for a piece of a chunk-size or trailer line, which moves
// along. Nothing is returned where octets came in time.
Task<std::optional<ContentEnd>> H1Inbound::receive_content() {
    io::Core& core = stream_->core();
    Buffer next = core.buffers().borrow();
    const std::string_view kept = unread();
    assert(kept.size() < next.capacity() && "the reader refuses longer lines");
    if (!kept.empty()) std::memcpy(next.room().data(), kept.data(), kept.size());
    next.grow(kept.size());
    content_ = std::move(next);
    position_ = 0;
    const io::TimePoint began = core.now();
    const io::Result<std::size_t> octets = co_await stream_->read(content_.room(), began + limits_->content_idle_max);
    // Only waiting counts: whoever takes his time with the octets is us.
    content_waited_ += core.now() - began;
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

// What is here already of the content, or its end; nothing where neither is.
std::optional<ContentStep> H1Inbound::content_at_once() {
    const auto ended = [this](ContentEnd end) {
        if (end == ContentEnd::complete) framing_ = http::Framing::none;
        return ContentStep{{}, end};
    };
    if (framing_ == http::Framing::none) return ended(ContentEnd::complete);
    if (framing_ == http::Framing::length) {
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
        const bool invited = co_await invite_content();
        std::optional<ContentEnd> trouble = ContentEnd::left;
        if (invited) trouble = co_await receive_content();
        if (trouble) co_return ContentStep{{}, *trouble};
    }
}

// RFC 9110 §10.1.1: once, where it is waited for, and not to who has sent octets of the content unasked.
Task<bool> H1Inbound::invite_content() {
    const bool is_due = std::exchange(invites_content_, false) && !has_unread();
    if (!is_due && output_.empty()) co_return true;
    if (is_due) {
        constexpr std::string_view invitation = "HTTP/1.1 100 Continue\r\n\r\n";
        if (!output_.has_block() || output_.room().size() < invitation.size()) {
            const Sent before = co_await flush();
            if (before != Sent::whole) co_return false;
            output_ = stream_->core().buffers().borrow();
        }
        std::memcpy(output_.room().data(), invitation.data(), invitation.size());
        output_.grow(invitation.size());
    }
    const Sent sent = co_await flush();
    co_return sent == Sent::whole;
}

bool H1Inbound::has_just_its_content() const {
    if (framing_ == http::Framing::none) return !has_unread();
    return framing_ == http::Framing::length && unread().size() == content_left_;
}

Task<bool> H1Inbound::watch_peer() {
    assert((framing_ == http::Framing::none || has_just_its_content()) && "the content is received first");
    if (!has_just_its_content() || ahead_.has_block()) co_return false;
    io::Result<Buffer> received = co_await stream_->read(stream_->core().buffers(), io::never);
    if (!received) co_return received.error().number != ECANCELED;
    if (received->empty()) co_return true;
    ahead_ = std::move(*received);
    co_return false;
}

void H1Inbound::write_head(const http::Request& request, const http::Response& response, std::string_view date,
                           http::Persistence persistence) {
    h1::HeadExtras extras;
    extras.date = date;
    extras.persistence = persistence;
    extras.peer_version = request.version;
    if (http::may_have_content(response.status)) extras.content_length = response.content_octets();
    const std::size_t needed = h1::head_octets_at_most(response);
    if (!output_.has_block()) output_ = stream_->core().buffers().borrow(needed);
    assert(needed <= output_.room().size() && "can_queue, or an empty output");
    output_.grow(h1::write_head(response, extras, output_.room()));
}

bool H1Inbound::can_queue(const http::Request& request, const http::Response& response) const {
    const std::size_t room = (output_.has_block() ? output_.capacity() : BufferPool::usual_octets) - output_.size();
    std::size_t content = 0;
    if (response.producer) return false;
    if (request.method != http::Method::head) {
        for (const http::Piece& piece : response.content) {
            if (piece.file != nullptr || piece.length > copied_octets_max) return false;
            content += piece.octets.size();
        }
    }
    return h1::head_octets_at_most(response) + content <= room;
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
    if (response.producer) {
        const Sent sent = co_await send_made(request, response, date, persistence);
        co_return sent;
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

// Content as it is made: in chunks (RFC 9112 §7.1), or to the connection's end for HTTP/1.0, which knows none.
// The head is written when the first octets are: until then the maker may still change the response.
class H1Inbound::Chunks final : public http::ContentWriter {
public:
    Chunks(H1Inbound& link, const http::Request& request, const http::Response& response, std::string_view date,
           http::Persistence persistence)
        : link_(&link),
          response_(&response),
          date_(date),
          persistence_(persistence),
          version_(request.version),
          framed_(request.version != http::Version::http_1_0) {}

    // Writes the head to the output, once.
    void begin() {
        if (std::exchange(has_begun_, true)) return;
        h1::HeadExtras extras;
        extras.date = date_;
        extras.persistence = persistence_;
        extras.peer_version = version_;
        extras.chunked = framed_ && http::may_have_content(response_->status);
        const std::size_t needed = h1::head_octets_at_most(*response_);
        constexpr std::size_t line_octets_max = 32;
        Buffer& output = link_->output_;
        output = link_->stream_->core().buffers().borrow(std::max(needed + line_octets_max, BufferPool::usual_octets));
        output.grow(h1::write_head(*response_, extras, output.room()));
    }
    Task<bool> write(std::string_view octets) override {
        if (octets.empty() || has_left_) co_return !has_left_;  // an empty chunk would be the last
        begin();
        if (framed_) {
            std::array<char, 18> line;
            char* end = std::to_chars(line.data(), line.data() + 16, octets.size(), 16).ptr;
            *end++ = '\r';
            *end++ = '\n';
            append({line.data(), static_cast<std::size_t>(end - line.data())});
        }
        Pace pace(link_->stream_->core().now(), *link_->limits_);
        const Sent sent = co_await link_->send_memory(octets, false, pace);
        if (sent != Sent::whole) has_left_ = true;
        if (framed_ && !has_left_) append("\r\n");
        co_return !has_left_;
    }
    Task<Sent> finish() {
        begin();
        if (framed_) append("0\r\n\r\n");
        const Sent sent = co_await link_->flush();
        co_return has_left_ ? Sent::left : sent;
    }

private:
    // Behind the head, or the end of the chunk before: little enough for any block.
    void append(std::string_view octets) {
        Buffer& output = link_->output_;
        if (!output.has_block()) output = link_->stream_->core().buffers().borrow();
        std::memcpy(output.room().data(), octets.data(), octets.size());
        output.grow(octets.size());
    }

    H1Inbound* link_;
    const http::Response* response_;
    std::string_view date_;
    http::Persistence persistence_;
    http::Version version_;
    bool framed_;
    bool has_begun_ = false;
    bool has_left_ = false;
};

Task<Sent> H1Inbound::send_made(const http::Request& request, const http::Response& response, std::string_view date,
                                http::Persistence persistence) {
    assert((request.version != http::Version::http_1_0 || persistence == http::Persistence::close) &&
           "only its end tells where the content ends");
    Chunks chunks(*this, request, response, date, persistence);
    if (request.method == http::Method::head || !http::may_have_content(response.status)) {
        chunks.begin();
        const Sent sent = co_await flush();
        co_return sent;
    }
    const bool whole = co_await response.producer(chunks);
    if (!whole) co_return Sent::cut;
    const Sent sent = co_await chunks.finish();
    co_return sent;
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
    const std::optional<bool> done = co_await io::offload(stream_->core(), read);
    static_cast<void>(done);
}

// Whether the file has been written to since its response was made, so that the content would be a mixture of two
// versions. Asked after each part, the last one too: a part may have waited long for a slow peer, and a reset takes
// back what that peer has not received. The status of an open file is in memory.
bool H1Inbound::has_changed(const http::Piece& piece) const {
    const io::Result<io::FileStatus> status = stream_->core().kernel().files().status(*piece.file);
    if (!status) return true;
    using FileTime = std::chrono::sys_time<std::chrono::nanoseconds>;
    io::FileStatus before;
    before.size = piece.file_octets;
    before.modified = FileTime(std::chrono::nanoseconds(piece.file_modified));
    before.changed = FileTime(std::chrono::nanoseconds(piece.file_changed));
    before.links = piece.file_links;
    if (piece.file_changed == 0) before.changed = status->changed;
    return !io::has_same_content(before, *status);
}

Task<Sent> H1Inbound::flush() {
    Pace pace(stream_->core().now(), *limits_);
    const Sent sent = co_await send_memory({}, false, pace);
    co_return sent;
}

}  // namespace portico::link
