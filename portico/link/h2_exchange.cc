// portico/link/h2_exchange.cc — see h2_exchange.h.
#include "portico/link/h2_exchange.h"

#include <algorithm>
#include <cassert>
#include <cerrno>
#include <cstring>
#include <utility>

#include "portico/link/announced.h"
#include "portico/link/refusals.h"
#include "portico/link/sent_file.h"
#include "portico/wire/h2/output.h"

namespace portico::link {
namespace {

// Contents up to this size are sent with their heads, whatever else waits.
constexpr std::uint64_t small_octets_max = 16 * 1024;

// The content of one frame: as large as every peer accepts (RFC 9113 §4.2).
constexpr std::size_t frame_octets_max = 16 * 1024;

}  // namespace

void H2Exchange::begin(const H2Inbound::Arrived& arrived) {
    assert(stream_ == 0);
    request_to_fill() = std::move(*arrived.request);
    Exchange::begin(link_->session());
    if (in_force_ != context().in_force()) in_force_ = context().in_force();
    stream_ = arrived.stream;
    has_left_ = false;
    refusal_of_head_ = arrived.refusal;
    content_octets_ = 0;
    const bool waits_for_invitation = request().expectation == http::Expectation::continue_;
    arrival_ = waits_for_invitation ? Arrival::uninvited : Arrival::arriving;
    if (!request().has_content) arrival_ = Arrival::complete;
    use_ = ContentUse::kept;
    refusal_ = {};
    content_waited_ = {};
    progress_ = Progress::awaited;
    link_->add(stream_, *this);
    if (has_all_content()) content_has_ended();
}

void H2Exchange::end() {
    if (stream_ == 0) return;
    release();  // a producer may refer to this object
    content_ = Buffer();
    reading_ = Buffer();
    link_->remove(stream_);
    link_->engine().released(std::exchange(stream_, 0));
}

void H2Exchange::tell_of_end(Waiter waiter) {
    has_left_ = true;
    switch (waiter) {
        case Waiter::reader: return content_gate_.open();
        case Waiter::sender: return send_gate_.open();
        case Waiter::watcher: return left_gate_.open();
    }
}

Task<bool> H2Exchange::client_left(ContentReader reader) {
    static_cast<void>(reader);  // the connection is read all the time
    while (!has_left_) {
        const io::Result<void> woken = co_await left_gate_.wait(core(), io::never);
        if (!woken) co_return false;
    }
    co_return true;
}

Task<bool> H2Exchange::client_left_while_sending() { return client_left(ContentReader::nobody); }

// --- The content of the request

void H2Exchange::take_content(std::string_view octets) {
    arrival_ = Arrival::arriving;
    content_octets_ += octets.size();
    if (use_ == ContentUse::kept && !h2::make_room(content_, octets.size(), core().buffers(), Lending::input)) {
        refuse(no_memory());
    }
    if (use_ == ContentUse::kept) {
        std::memcpy(content_.room().data(), octets.data(), octets.size());
        content_.grow(octets.size());
    } else {
        link_->engine().used(stream_, octets.size());
    }
    content_gate_.open();
}

void H2Exchange::take_content_end() {
    arrival_ = Arrival::complete;
    content_gate_.open();
}

void H2Exchange::refuse(http::Refusal refusal) {
    refusal_ = refusal;
    use_ = ContentUse::refused;
    use_up(content_);
}

void H2Exchange::drop() {
    if (use_ == ContentUse::kept) use_ = ContentUse::dropped;
    if (content_.has_block()) use_up(content_);
}

// The peer may send as much again.
void H2Exchange::use_up(Buffer& content) {
    link_->engine().used(stream_, content.size());
    content = Buffer();
}

// How the content ends, if everything before that has been read.
std::optional<ContentEnd> H2Exchange::end_of_content() {
    const std::uint64_t most = in_force_->limits.content_octets_max;
    const bool is_too_large = std::max(content_octets_, request().content_length.value_or(0)) > most;
    if (use_ != ContentUse::refused && is_too_large) refuse(too_large());
    if (use_ == ContentUse::refused) return ContentEnd::refused;
    if (!content_.empty()) return std::nullopt;
    if (has_all_content()) return ContentEnd::complete;
    return has_left_ ? std::optional(ContentEnd::left) : std::nullopt;
}

// Waits until something has happened to the content. Returns nothing if it may go on.
Task<std::optional<ContentEnd>> H2Exchange::await_content() {
    const InboundLimits& limits = in_force_->limits;
    const io::TimePoint began = core().now();
    io::Gate::Wait wait = content_gate_.wait(core(), began + limits.content_idle_max);
    io::Result<void> woken = io::fail(ECANCELED, "read");
    {
        const WaitingPlace place(context().transfers(), wait);
        woken = co_await wait;
    }
    // Count only the time spent waiting for the peer, not our own processing.
    content_waited_ += core().now() - began;
    if (woken) {
        const bool is_over = !awaits_content() || use_ == ContentUse::refused;
        if (is_over || is_fast_enough(content_octets_, content_waited_, limits)) co_return std::nullopt;
    }
    // The wait was ended to give memory back (WaitingPlace). If the task was asked to stop, nobody sees the refusal.
    const bool is_shed = !woken && woken.error().number == ECANCELED;
    refuse(is_shed ? no_memory() : too_slow());
    co_return ContentEnd::refused;
}

// RFC 9110 §10.1.1: once, if the peer waits for it and has not begun to send the content unasked.
Task<std::optional<ContentEnd>> H2Exchange::invite_content() {
    if (arrival_ != Arrival::uninvited) co_return std::nullopt;
    arrival_ = Arrival::arriving;
    http::Response invitation;
    invitation.status = http::Status::continue_;
    const Sent sent = co_await send_interim(invitation);
    if (sent == Sent::whole) co_return std::nullopt;
    if (sent == Sent::left) co_return ContentEnd::left;
    refuse(no_memory());
    co_return ContentEnd::refused;
}

Task<ContentStep> H2Exchange::receive_content() {
    if (reading_.has_block()) {
        use_up(reading_);
        link_->wake_writer();
    }
    for (;;) {
        std::optional<ContentEnd> end = end_of_content();
        if (!end && !content_.empty()) {
            reading_ = std::exchange(content_, Buffer());
            co_return ContentStep{reading_.octets(), ContentEnd::complete};
        }
        if (!end) end = co_await invite_content();
        if (!end) end = co_await await_content();
        if (end) co_return ContentStep{{}, *end};
    }
}

// None of the limits on contents applies: the protocol has its own. The window limits what waits here.
Task<io::Result<Buffer>> H2Exchange::receive_upgraded(io::TimePoint deadline) {
    for (;;) {
        if (use_ == ContentUse::refused) co_return io::fail(ENOBUFS, "read");
        if (!content_.empty()) {
            Buffer received = std::exchange(content_, Buffer());
            link_->engine().used(stream_, received.size());
            link_->wake_writer();
            co_return std::move(received);
        }
        if (has_all_content()) co_return Buffer();
        if (has_left_) co_return io::fail(ECONNRESET, "read");
        const io::Result<void> woken = co_await content_gate_.wait(core(), deadline);
        if (!woken) co_return std::unexpected(woken.error());
    }
}

std::optional<ContentEnd> H2Exchange::drop_content_at_once() {
    // The client asks before it sends, and the answer will be no.
    if (arrival_ == Arrival::uninvited) return ContentEnd::complete;
    drop();
    const std::optional<ContentEnd> end = end_of_content();
    if (end == ContentEnd::complete) content_has_ended();
    return end;
}

Task<ContentEnd> H2Exchange::drop_content() {
    link_->wake_writer();
    for (;;) {
        std::optional<ContentEnd> end = drop_content_at_once();
        if (!end) end = co_await await_content();
        if (end) co_return *end;
    }
}

Task<void> H2Exchange::linger(io::Duration time_max, std::size_t octets_max) {
    drop();
    link_->wake_writer();
    const io::TimePoint deadline = core().now() + time_max;
    const std::uint64_t most = content_octets_ + octets_max;
    while (awaits_content() && content_octets_ <= most) {
        io::Gate::Wait wait = content_gate_.wait(core(), deadline);
        const WaitingPlace place(context().transfers(), wait);
        const io::Result<void> woken = co_await wait;
        if (!woken) co_return;
    }
}

// --- The response

void H2Exchange::write_head(h2::Ending ending) {
    complete_response();
    h2::HeadExtras extras;
    extras.date = context().date();
    extras.content_length = response().announced_length(request().method);
    link_->engine().respond(stream_, response(), extras, ending);
    progress_ = Progress::begun;
}

// Whether the content is in memory, and so small that it is sent with the head.
bool H2Exchange::is_small() const {
    std::uint64_t octets = 0;
    for (const http::Piece& piece : response().content) {
        if (piece.file != nullptr) return false;
        octets += piece.length;
    }
    return octets <= small_octets_max;
}

std::optional<Sent> H2Exchange::send_at_once() {
    h2::Connection& engine = link_->engine();
    if (response().producer || !engine.has_room_for_head() || has_left_) return std::nullopt;
    const std::uint64_t octets = response().sends_content(request().method) ? response().content_octets() : 0;
    if (octets > 0 && !is_small()) return std::nullopt;
    if (progress_ == Progress::awaited) write_head(octets == 0 ? h2::Ending::last : h2::Ending::more);
    if (octets > 0) {
        if (engine.room_for_data(stream_) < octets) return std::nullopt;
        std::uint64_t left = octets;
        for (const http::Piece& piece : response().content) {
            if (piece.length == 0) continue;
            left -= piece.length;
            engine.write_data(stream_, piece.octets, left == 0 ? h2::Ending::last : h2::Ending::more);
        }
    }
    const Sent sent = engine.has_ended() ? Sent::left : Sent::whole;
    set_sent(sent);
    return sent;
}

Task<Sent> H2Exchange::send() {
    if (!response().producer) return send_complete();
    return response().upgrade.empty() ? send_made(true) : send_upgraded();
}

// Sends a response whose content exists already.
Task<Sent> H2Exchange::send_complete() {
    const std::optional<Sent> at_once = send_at_once();
    if (at_once) co_return *at_once;
    const Sent sent = co_await send_waiting();
    set_sent(sent);
    co_return sent;
}

Task<Sent> H2Exchange::send_waiting() {
    const bool has_content = response().sends_content(request().method) && response().content_octets() > 0;
    if (progress_ == Progress::awaited) {
        const Sent head = co_await send_head(has_content ? h2::Ending::more : h2::Ending::last);
        if (head != Sent::whole || !has_content) co_return head;
    }
    for (std::size_t i = 0; i < response().content.size(); ++i) {
        const http::Piece& piece = response().content[i];
        const h2::Ending ending = i + 1 == response().content.size() ? h2::Ending::last : h2::Ending::more;
        Sent sent = Sent::whole;
        if (piece.file == nullptr || !piece.octets.empty() || piece.length == 0) {
            sent = co_await send_octets(piece.octets, ending);
        } else {
            sent = co_await send_range(piece, ending);
        }
        if (sent != Sent::whole) co_return give_up(sent);
    }
    co_return Sent::whole;
}

// Only a reset shows the peer that the content is incomplete.
Sent H2Exchange::give_up(Sent why) {
    link_->engine().reset(stream_, h2::ErrorCode::internal_error);
    has_left_ = true;
    return why;
}

Task<Sent> H2Exchange::send_head(h2::Ending ending) {
    const bool has_room = co_await link_->wait_for_room(*this);
    if (has_left_) co_return Sent::left;
    if (!has_room) co_return Sent::ended;
    write_head(ending);
    co_return link_->engine().has_ended() ? Sent::left : Sent::whole;
}

Task<Sent> H2Exchange::send_interim(const http::Response& response) {
    const bool has_room = co_await link_->wait_for_room(*this);
    if (has_left_) co_return Sent::left;
    if (!has_room) co_return Sent::ended;
    link_->engine().respond(stream_, response, {}, h2::Ending::more);
    link_->wake_writer();
    co_return Sent::whole;
}

Task<void> H2Exchange::send_early() {
    if (response().producer) co_return;
    const bool is_alone = co_await reading_ended();
    if (!is_alone) co_return;
    const Sent sent = co_await send_complete();
    static_cast<void>(sent);  // see sent()
    note_early_end();
    link_->wake_writer();
}

Task<bool> H2Exchange::wait_to_send() {
    const io::Result<void> woken = co_await send_gate_.wait(core(), io::never);
    co_return woken && !has_left_;
}

// Content that is pending until it has been written, or this is destroyed.
class H2Exchange::Sending {
public:
    explicit Sending(H2Exchange& exchange) : exchange_(&exchange) {
        exchange.progress_ = Progress::pending;
        exchange.link_->begin_sending();
        exchange.link_->engine().has_data(exchange.stream_, exchange.core().now());
    }
    Sending(const Sending&) = delete;
    Sending& operator=(const Sending&) = delete;
    ~Sending() {
        if (exchange_->has_pending()) exchange_->progress_ = Progress::begun;
        exchange_->pending_file_ = nullptr;
        exchange_->link_->engine().has_no_data(exchange_->stream_);
        exchange_->link_->end_sending();
    }

private:
    H2Exchange* exchange_;
};

// Sends what is pending: octets, or the range of a file.
Task<Sent> H2Exchange::send_rest() {
    if (has_left_) co_return Sent::left;
    const Sending guard(*this);
    link_->wake_writer();
    while (has_pending()) {
        const bool goes_on = co_await wait_to_send();
        if (!goes_on) co_return has_left_ ? Sent::left : Sent::ended;
    }
    co_return progress_ == Progress::cut ? Sent::cut : Sent::whole;
}

Task<Sent> H2Exchange::send_octets(std::string_view octets, h2::Ending ending) {
    if (octets.empty()) {
        if (ending == h2::Ending::last) link_->engine().write_data(stream_, octets, ending);
        co_return Sent::whole;
    }
    pending_ = octets;
    pending_ending_ = ending;
    const Sent sent = co_await send_rest();
    co_return sent;
}

Task<Sent> H2Exchange::send_range(const http::Piece& piece, h2::Ending ending) {
    std::uint64_t offset = piece.offset;
    std::uint64_t left = piece.length;
    while (left > 0) {
        const std::uint64_t window = std::min(left, file_window_octets);
        if (!core().kernel().files().is_in_memory(*piece.file, offset, window)) {
            co_await bring_into_memory(core(), *piece.file, offset, window);
        }
        pending_file_ = &piece;
        pending_from_ = offset;
        pending_octets_ = window;
        pending_ending_ = window == left ? ending : h2::Ending::more;
        const Sent sent = co_await send_rest();
        if (sent != Sent::whole) co_return sent;
        offset += window;
        left -= window;
    }
    co_return Sent::whole;
}

std::size_t H2Exchange::write_pending() {
    if (!has_pending()) {
        link_->engine().has_no_data(stream_);
        return 0;
    }
    if (pending_file_ != nullptr) return write_pending_file();
    h2::Connection& engine = link_->engine();
    const std::size_t octets = std::min({pending_.size(), engine.room_for_data(stream_), frame_octets_max});
    const bool is_done = octets == pending_.size();
    engine.write_data(stream_, pending_.substr(0, octets), is_done ? pending_ending_ : h2::Ending::more);
    pending_.remove_prefix(octets);
    if (is_done) end_pending(Progress::begun);
    return octets;
}

std::size_t H2Exchange::write_pending_file() {
    h2::Connection& engine = link_->engine();
    const auto wanted = static_cast<std::size_t>(std::min<std::uint64_t>(pending_octets_, frame_octets_max));
    const std::span<char> room = engine.data_room(stream_, wanted);
    if (room.empty()) return 0;  // the connection has ended for want of memory
    const http::Piece& piece = *pending_file_;
    const io::Result<std::size_t> read = core().kernel().files().read_at(*piece.file, pending_from_, room);
    const std::size_t octets = read.value_or(0);
    const bool is_done = octets == pending_octets_;
    // After the last octets no reset could take them back.
    const bool is_cut = octets == 0 || (is_done && has_changed(core(), piece));
    if (!is_cut) {
        engine.data_written(stream_, octets, is_done ? pending_ending_ : h2::Ending::more);
        pending_from_ += octets;
        pending_octets_ -= octets;
    }
    if (is_done || is_cut) end_pending(is_cut ? Progress::cut : Progress::begun);
    return octets;
}

// To be called last: the sender goes on, and may end the exchange.
void H2Exchange::end_pending(Progress next) {
    progress_ = next;
    link_->engine().has_no_data(stream_);
    send_gate_.open();
}

// Content that is generated while it is sent. The head is sent with the first octets; until then the producer may still
// change the response.
class H2Exchange::Producing final : public http::ContentWriter {
public:
    explicit Producing(H2Exchange& exchange) : exchange_(&exchange) {}

    Task<bool> write(std::string_view octets) override {
        if (octets.empty() || sent_ != Sent::whole) co_return sent_ == Sent::whole;
        if (exchange_->progress_ == Progress::awaited) co_await begin();
        if (sent_ == Sent::whole && !announced_.takes(octets.size())) sent_ = Sent::cut;
        if (sent_ != Sent::whole) co_return false;
        sent_ = co_await exchange_->send_octets(octets, h2::Ending::more);
        co_return sent_ == Sent::whole;
    }
    Task<Sent> finish() {
        if (sent_ == Sent::whole && exchange_->progress_ == Progress::awaited) co_await begin();
        if (sent_ != Sent::whole) co_return sent_;
        if (!announced_.is_complete()) co_return Sent::cut;
        h2::Connection& engine = exchange_->link_->engine();
        const http::FieldSection& trailers = exchange_->response().trailers;
        if (!trailers.lines().empty() && exchange_->request().asks_for_trailers()) {
            engine.write_trailers(exchange_->stream_, trailers);
        } else {
            engine.write_data(exchange_->stream_, {}, h2::Ending::last);
        }
        co_return exchange_->has_left_ ? Sent::left : Sent::whole;
    }

private:
    Task<void> begin() {
        announced_ = Announced(exchange_->response().content_length);
        sent_ = co_await exchange_->send_head(h2::Ending::more);
    }

    H2Exchange* exchange_;
    Announced announced_;
    Sent sent_ = Sent::whole;
};

Task<Sent> H2Exchange::send_produced() {
    if (!response().sends_content(request().method)) {
        const Sent head = co_await send_head(h2::Ending::last);
        co_return head;
    }
    if (!response().upgrade.empty()) {
        // A client that changes the protocol waits for the head.
        const Sent head = co_await send_head(h2::Ending::more);
        if (head != Sent::whole) co_return give_up(head);
        link_->wake_writer();
    }
    Producing content(*this);
    const bool is_whole = co_await response().producer(content);
    Sent sent = Sent::cut;
    if (is_whole) sent = co_await content.finish();
    co_return sent == Sent::whole ? sent : give_up(sent);
}

}  // namespace portico::link
