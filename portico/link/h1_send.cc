// portico/link/h1_send.cc — the sending half of an H1Inbound: see h1_inbound.h.
#include <algorithm>
#include <array>
#include <cassert>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <tuple>
#include <utility>

#include "portico/link/announced.h"
#include "portico/link/h1_inbound.h"
#include "portico/link/sent_file.h"
#include "portico/wire/h1/write_head.h"

namespace portico::link {
namespace {

// Pieces up to this size are copied after their head: one span costs the kernel less than two, and the copy costs less
// than that.
constexpr std::size_t copied_octets_max = 4 * 1024;

// TLS copies the content in any case, and memory is cheaper to read than a file.
bool is_sent_from_memory(const http::Piece& piece, const Transport& transport) {
    return piece.file == nullptr || (!piece.octets.empty() && transport.session() != nullptr);
}

}  // namespace

// Whether the output has a block, or could borrow one that is large enough.
bool H1Inbound::has_output_for(std::size_t octets) {
    if (!output_.has_block()) output_ = transport_->core().buffers().try_borrow(Lending::answer, octets);
    return output_.has_block();
}

void H1Inbound::write_head(const http::Request& request, const http::Response& response, std::string_view date,
                           h1::Persistence persistence) {
    h1::HeadExtras extras;
    extras.date = date;
    extras.persistence = persistence;
    extras.peer_version = version_;
    extras.content_length = response.announced_length(request.method);
    if (!extras.content_length && http::may_have_content(response.status)) {
        extras.chunked = version_ != http::Version::http_1_0;
    }
    output_.grow(h1::write_head(response, extras, output_.room()));
}

bool H1Inbound::can_queue(const http::Request& request, const http::Response& response) const {
    std::size_t octets = h1::head_octets_at_most(response);
    if (response.producer) return false;
    if (request.method != http::Method::head) {
        for (const http::Piece& piece : response.content) {
            if (piece.file != nullptr || piece.length > copied_octets_max) return false;
            octets += piece.octets.size();
        }
    }
    if (output_.has_block()) return octets <= output_.capacity() - output_.size();
    return octets <= BufferPool::usual_octets && transport_->core().ledger().has_room_for(BufferPool::usual_octets);
}

void H1Inbound::queue(const http::Request& request, const http::Response& response, std::string_view date,
                      h1::Persistence persistence) {
    const bool has_output = has_output_for(BufferPool::usual_octets);
    assert(has_output && "can_queue() said so");
    write_head(request, response, date, persistence);
    if (!response.sends_content(request.method)) return;
    for (const http::Piece& piece : response.content) {
        std::memcpy(output_.room().data(), piece.octets.data(), piece.octets.size());
        output_.grow(piece.octets.size());
    }
}

void H1Inbound::drop_output(std::size_t octets) {
    if (octets == output_.size()) {
        output_ = Buffer();
    } else {
        output_.drop_front(octets);
    }
}

Task<Sent> H1Inbound::send(const http::Request& request, const http::Response& response, std::string_view date,
                           h1::Persistence persistence) {
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
    if (!has_output_for(h1::head_octets_at_most(response))) co_return give_up();
    write_head(request, response, date, persistence);
    if (!response.sends_content(request.method) || response.content.empty()) {
        const Sent sent = co_await flush();
        co_return sent;
    }
    const Sent sent = co_await send_pieces(response);
    co_return sent;
}

Task<Sent> H1Inbound::send_interim(const http::Request& request, const http::Response& response) {
    assert(http::code(response.status) / 100 == 1);
    if (version_ == http::Version::http_1_0) co_return Sent::whole;
    const std::size_t octets = h1::head_octets_at_most(response);
    if (!output_.has_block() || output_.room().size() < octets) {
        const Sent before = co_await flush();
        if (before != Sent::whole) co_return before;
        if (!has_output_for(octets)) co_return give_up();
    }
    write_head(request, response, std::string_view(), h1::Persistence::keep);
    const Sent sent = co_await flush();
    co_return sent;
}

Task<Sent> H1Inbound::send_pieces(const http::Response& response) {
    Patience patience(*limits_, transport_->backlog());
    for (std::size_t i = 0; i < response.content.size(); ++i) {
        const http::Piece& piece = response.content[i];
        const bool more = i + 1 < response.content.size();
        Sent sent = Sent::whole;
        if (is_sent_from_memory(piece, *transport_)) {
            widen_for(piece.length);
            const Parts parts{piece.octets};
            sent = co_await send_parts(parts, more, patience);
        } else if (piece.length > 0) {
            sent = co_await send_range(piece, patience);
        }
        if (sent != Sent::whole) co_return sent;
    }
    const Sent rest = co_await flush();
    co_return rest;
}

bool H1Inbound::ends_with_connection(const http::Response& response) const {
    return response.producer && !response.content_length && version_ == http::Version::http_1_0;
}

// Content that is generated while it is sent: as many octets as were announced, or in chunks (RFC 9112 §7.1), or up to
// the connection's end for HTTP/1.0, which has no chunks. A chunk is sent whole, with its CRLF, so that a client that
// reads whole chunks need not wait for the next one. The head is sent with the first octets; until then the producer
// may still change the response. While the producer waits, the content holds no buffer.
class H1Inbound::Chunks final : public http::ContentWriter {
public:
    Chunks(H1Inbound& link, const http::Request& request, const http::Response& response, std::string_view date,
           h1::Persistence persistence)
        : link_(&link),
          request_(&request),
          response_(&response),
          date_(date),
          persistence_(persistence),
          patience_(*link.limits_, link.transport_->backlog()) {}

    // Writes the head to the output, once. False if the response can't go on, such as for want of memory for the head.
    [[nodiscard]] bool begin() {
        if (phase_ != Phase::awaited) return phase_ != Phase::given_up;
        announced_ = Announced(response_->content_length);
        const bool is_http = response_->upgrade.empty();  // and not another protocol
        const bool is_framed = is_http && !announced_.has_length() && link_->version_ != http::Version::http_1_0;
        link_->output_ = Buffer();  // a long head gets a block of its own size
        if (!link_->has_output_for(h1::head_octets_at_most(*response_))) return give_up();
        link_->write_head(*request_, *response_, date_, persistence_);
        phase_ = is_framed ? Phase::in_chunks : Phase::unframed;
        return true;
    }
    Task<bool> write(std::string_view octets) override {
        if (octets.empty()) co_return phase_ != Phase::given_up;  // an empty chunk would be the last
        if (!begin()) co_return false;
        if (!announced_.takes(octets.size())) co_return give_up();
        h1::ChunkLine line;
        Parts parts{std::string_view(), octets, std::string_view()};
        if (phase_ == Phase::in_chunks) {
            parts[0] = h1::write_chunk_line(octets.size(), line);
            parts[2] = "\r\n";
        }
        const Sent sent = co_await link_->send_parts(parts, false, patience_);
        co_return sent == Sent::whole || give_up();
    }
    Task<Sent> finish() {
        if (!begin()) co_return Sent::left;
        if (!announced_.is_complete()) co_return Sent::cut;
        std::string end;
        if (phase_ == Phase::in_chunks) {
            end = h1::last_chunk(request_->asks_for_trailers() ? response_->trailers : http::FieldSection());
        }
        const Parts last{std::string_view(end)};
        const Sent sent = co_await link_->send_parts(last, false, patience_);
        co_return sent;
    }

private:
    enum class Phase : std::uint8_t {
        awaited,    // the head has not been written
        in_chunks,  // RFC 9112 §7.1
        unframed,   // the content as it is: its length or the connection's end says where it ends
        given_up,   // the response can't go on
    };

    bool give_up() {
        phase_ = Phase::given_up;
        return false;
    }

    H1Inbound* link_;
    const http::Request* request_;
    const http::Response* response_;
    std::string_view date_;
    h1::Persistence persistence_;
    Patience patience_;
    Announced announced_;
    Phase phase_ = Phase::awaited;
};

Task<Sent> H1Inbound::send_made(const http::Request& request, const http::Response& response, std::string_view date,
                                h1::Persistence persistence) {
    assert((!ends_with_connection(response) || persistence == h1::Persistence::close) &&
           "only its end tells where the content ends");
    Chunks chunks(*this, request, response, date, persistence);
    const bool is_upgraded = !response.upgrade.empty();
    if (is_upgraded || !response.sends_content(request.method)) {
        // A client that changes the protocol waits for the head.
        if (!chunks.begin()) co_return give_up();
        const Sent sent = co_await flush();
        if (sent != Sent::whole || !is_upgraded) co_return sent;
    }
    const bool whole = co_await response.producer(chunks);
    if (!whole) co_return Sent::cut;
    const Sent sent = co_await chunks.finish();
    co_return sent;
}

// The octets sent are incomplete, and only a reset can show that to the peer. A reset also frees what the kernel holds.
Sent H1Inbound::give_up() {
    transport_->abort_on_close();
    return Sent::left;
}

// How sending ends after a write that failed. Nothing means that it is tried again, because a slow peer still has time.
// After `ended`, the caller answers or resets the connection.
std::optional<Sent> H1Inbound::end_after(const io::Error& failure, Patience& patience) {
    if (failure.number == ETIMEDOUT && patience.lasts(transport_->core().now())) return std::nullopt;
    return failure.number == ECANCELED ? Sent::ended : give_up();
}

// Sends the output, then the parts in their order.
Task<Sent> H1Inbound::send_parts(Parts parts, bool more, Patience& patience) {
    io::Core& core = transport_->core();
    for (;;) {
        std::array<iovec, 1 + std::tuple_size_v<Parts>> spans;
        std::size_t count = 0;
        if (!output_.empty()) spans[count++] = output_span();
        for (const std::string_view part : parts) {
            if (!part.empty()) spans[count++] = {const_cast<char*>(part.data()), part.size()};
        }
        if (count == 0) co_return Sent::whole;
        const io::Result<std::size_t> written =
            co_await transport_->write(std::span(spans).first(count), patience.step(core.now()), more, transfers_);
        if (!written) {
            const std::optional<Sent> end = end_after(written.error(), patience);
            if (end) co_return *end;
            continue;
        }
        if (!patience.took(*written, core.now())) co_return give_up();
        std::size_t left = *written;
        const std::size_t of_output = std::min(left, output_.size());
        if (of_output > 0) drop_output(of_output);
        left -= of_output;
        for (std::string_view& part : parts) {
            const std::size_t of_part = std::min(left, part.size());
            part.remove_prefix(of_part);
            left -= of_part;
        }
    }
}

// Octets follow that may be more than the kernel takes at once.
void H1Inbound::widen_for(std::uint64_t octets) {
    FastReaders& readers = context_->fast_readers();
    if (octets > readers.usual()) transport_->backlog().widen(readers);
}

Task<Sent> H1Inbound::send_range(const http::Piece& piece, Patience& patience) {
    io::Core& core = transport_->core();
    const Sent head = co_await send_parts(Parts{}, true, patience);
    if (head != Sent::whole) co_return head;
    std::uint64_t offset = piece.offset;
    std::uint64_t left = piece.length;
    while (left > 0) {
        widen_for(left);
        const std::uint64_t window = std::min(left, file_window_octets);
        if (!core.kernel().files().is_in_memory(*piece.file, offset, window)) {
            co_await bring_into_memory(core, *piece.file, offset, window);
        }
        const io::Result<std::size_t> sent =
            co_await transport_->send_file(*piece.file, offset, window, patience.step(core.now()), transfers_);
        if (!sent) {
            const std::optional<Sent> end = end_after(sent.error(), patience);
            if (end) co_return *end;
            continue;
        }
        if (!patience.took(*sent, core.now())) co_return give_up();
        if (*sent == 0 || has_changed(core, piece)) co_return Sent::cut;
        offset += *sent;
        left -= *sent;
    }
    co_return Sent::whole;
}

Transfer<io::Write> H1Inbound::write_once(bool more) {
    once_ = output_span();
    const io::TimePoint deadline = Patience(*limits_, transport_->backlog()).step(transport_->core().now());
    return transport_->write({&once_, 1}, deadline, more, transfers_);
}

std::optional<Sent> H1Inbound::sent_once(const io::Result<std::size_t>& written) {
    if (!written) return written.error().number == ETIMEDOUT ? std::nullopt : std::optional(Sent::left);
    transport_->backlog().add(*written);
    const bool is_all = *written == output_.size();
    drop_output(*written);
    return is_all ? std::optional(Sent::whole) : std::nullopt;
}

Task<Sent> H1Inbound::flush() {
    Patience patience(*limits_, transport_->backlog());
    const Sent sent = co_await send_parts(Parts{}, false, patience);
    co_return sent;
}

}  // namespace portico::link
