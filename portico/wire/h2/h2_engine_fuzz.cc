// portico/wire/h2/h2_engine_fuzz.cc — any octets, in any pieces, at any time, for a server that does anything.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <iterator>
#include <map>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "portico/wire/h2/client_for_test.h"
#include "portico/wire/hpack/decoder.h"

namespace portico::h2 {
namespace {

void require(bool holds) {
    if (!holds) std::abort();
}

// Checks what a client would: that the frames are those of a server, and that their order is allowed.
class OutputChecker {
public:
    void take(std::string_view octets) {
        octets_ += octets;
        for (const SentFrame& frame : take_frames(octets_)) check(frame);
    }
    [[nodiscard]] bool is_complete() const { return octets_.empty() && block_stream_ == 0; }

private:
    void check(const SentFrame& frame) {
        const FrameHeader& header = frame.header;
        require(header.length <= payload_octets_max && !has_failed_);
        require(block_stream_ == 0 || (header.type == FrameType::continuation && header.stream == block_stream_));
        switch (header.type) {
            case FrameType::data: return check_message(header, flag_end_stream);
            case FrameType::headers:
                check_message(header, flag_end_stream | flag_end_headers);
                block_.clear();
                return check_block(frame);
            case FrameType::continuation:
                require(block_stream_ != 0 && (header.flags & ~flag_end_headers) == 0);
                return check_block(frame);
            case FrameType::rst_stream:
                require(header.length == 4 && header.flags == 0 && is_clients(header.stream));
                closed_.insert(header.stream);
                return;
            case FrameType::window_update:
                require(header.length == 4 && header.flags == 0 && read_u32(frame.payload.data()) - 1 < 0x7fffffff);
                return;
            case FrameType::settings: require(header.stream == 0 && header.length % 6 == 0); return;
            case FrameType::ping: require(header.stream == 0 && header.length == 8); return;
            case FrameType::goaway: {
                require(header.stream == 0 && header.length >= 8);
                const StreamId last = read_u32(frame.payload.data());
                require(last <= goaway_last_);  // RFC 9113 §6.8
                goaway_last_ = last;
                has_failed_ = read_u32(frame.payload.data() + 4) != 0;
                return;
            }
            case FrameType::priority:
            case FrameType::push_promise:
            case FrameType::priority_update: break;
        }
        require(false);
    }
    // DATA and HEADERS.
    void check_message(const FrameHeader& header, unsigned flags) {
        require(is_clients(header.stream) && !closed_.contains(header.stream) && (header.flags & ~flags) == 0);
        if (header.has(flag_end_stream)) closed_.insert(header.stream);
    }
    void check_block(const SentFrame& frame) {
        block_ += frame.payload;
        block_stream_ = frame.header.has(flag_end_headers) ? 0 : frame.header.stream;
        if (block_stream_ != 0) return;
        std::vector<char> memory(1 << 16);
        std::span<char> room(memory);
        std::string_view rest = block_;
        decoder_.begin_block();
        for (;;) {
            const auto line = decoder_.next(rest, room);
            require(line.has_value());
            if (!*line) return;
            require((*line)->fits && ((*line)->name == ":status" || http::is_token((*line)->name)));
        }
    }

    std::string octets_;
    std::set<StreamId> closed_;
    std::string block_;
    StreamId block_stream_ = 0;
    StreamId goaway_last_ = 0xffffffff;
    bool has_failed_ = false;
    hpack::Decoder decoder_;
};

// A server that does what it likes with its streams, and a client that reads what it likes.
class Play {
public:
    Play(unsigned seed, const Limits& limits)
        : random_(seed),
          limits_(limits),
          context_(pool_, limits_),
          connection_(std::in_place, context_, http::Scheme::http) {}

    void run(std::string_view octets, std::size_t piece, Duration step) {
        while (!octets.empty()) {
            const std::vector<char> part(octets.begin(),
                                         octets.begin() + static_cast<std::ptrdiff_t>(std::min(piece, octets.size())));
            octets.remove_prefix(part.size());
            turn({part.data(), part.size()});
            now_ += step * below(3);
        }
        connection_->shut_down(now_);
        // Whatever waits ends now, or by its deadline.
        for (int i = 0; i < 1000 && !connection_->has_ended(); ++i) {
            if (const auto deadline = connection_->deadline()) now_ = std::max(now_, *deadline);
            while (!held_.empty()) release(held_.begin()->first);
            turn({});
        }
        require(connection_->has_ended());
        while (!held_.empty()) release(held_.begin()->first);
        while (!connection_->output().empty()) {
            checker_.take(connection_->output());
            connection_->output_sent(connection_->output().size());
        }
        require(checker_.is_complete());
        require(connection_->streams() == 0);
        connection_.reset();
        require(ledger_.used() == 0);
    }

private:
    enum class Held : std::uint8_t { receiving, complete, closed };

    int below(unsigned limit) { return static_cast<int>(static_cast<unsigned>(random_()) % limit); }

    void turn(std::string_view octets) {
        connection_->receive(octets, now_);
        while (const auto event = connection_->next_event()) take(*event);
        require(connection_->has_ended() == has_ended_);
        for (int i = below(4); i > 0 && !held_.empty(); --i) act();
        while (const auto id = connection_->next_to_send(now_)) {
            const std::size_t room = connection_->room_for_data(*id);
            require(room > 0 && held_.contains(*id));
            const std::size_t size = std::min<std::size_t>(room, static_cast<std::size_t>(below(30'000)));
            connection_->write_data(*id, std::string(size, 'd'), below(4) == 0 ? Ending::last : Ending::more);
            if (below(3) == 0) break;
        }
        const std::string_view output = connection_->output();
        require(output.size() <= 2 * limits_.output_octets_max + 70'000);
        const std::size_t sent = below(4) == 0 ? static_cast<std::size_t>(below(100)) : output.size();
        checker_.take(output.substr(0, sent));
        connection_->output_sent(std::min(sent, output.size()));
        require(ledger_.used() <= 128 * 40'000 + 2 * limits_.output_octets_max + 400'000);
    }

    void take(const Event& event) {
        require(!has_ended_);
        switch (event.kind) {
            case Event::Kind::request:
                require(event.stream > last_ && is_clients(event.stream) && held_.size() < limits_.streams_max);
                last_ = event.stream;
                held_[event.stream] = event.request->has_content ? Held::receiving : Held::complete;
                requests_[event.stream] = *event.request;
                break;
            case Event::Kind::content:
                require(held_.at(event.stream) == Held::receiving && !event.content.empty());
                unused_[event.stream] += event.content.size();
                break;
            case Event::Kind::content_end:
                require(held_.at(event.stream) == Held::receiving);
                held_[event.stream] = Held::complete;
                break;
            case Event::Kind::reset:
                require(held_.at(event.stream) != Held::closed);
                held_[event.stream] = Held::closed;
                break;
            case Event::Kind::response: require(false); break;  // for clients
            case Event::Kind::leaving: break;
            case Event::Kind::ended: has_ended_ = true; break;
        }
        // Anything may be done between two events.
        if (below(8) == 0 && !held_.empty()) act();
    }

    // Something that the layer above may do with one of its streams.
    void act() {
        const auto place = std::next(held_.begin(), below(static_cast<unsigned>(held_.size())));
        const StreamId id = place->first;
        http::Response response;
        response.fields.add("x-seven", std::string_view("7777777"));
        switch (below(9)) {
            case 0: connection_->respond(id, response, {.date = "now", .content_length = 3}, Ending::last); break;
            case 1:
            case 2:
                connection_->respond(id, response, {}, Ending::more);
                connection_->has_data(id, now_);
                break;
            case 3:
                response.status = http::Status::early_hints;
                connection_->respond(id, response, {}, Ending::more);
                break;
            case 4: connection_->write_trailers(id, response.fields); break;
            case 5: connection_->has_no_data(id); break;
            case 6:
                connection_->reset(id, ErrorCode::cancel);
                release(id);
                break;
            case 7: release(id); break;
            default: connection_->used(id, unused_[id]); unused_.erase(id);
        }
    }

    void release(StreamId id) {
        const http::Request& request = requests_.at(id);
        std::size_t octets = request.path.size() + request.method_token.size();
        for (const auto& line : request.fields.lines()) {
            for (const char c : line.value) octets += c == '\n' ? 1U : 0U;
            require(!line.name.empty());
        }
        require(octets < 100'000);
        connection_->released(id);
        held_.erase(id);
        requests_.erase(id);
        unused_.erase(id);
    }

    std::minstd_rand random_;
    Limits limits_;
    Ledger ledger_{64 * 1024 * 1024};
    BufferPool pool_{ledger_};
    Context context_;
    std::optional<Connection> connection_;
    TimePoint now_{std::chrono::hours(1)};
    OutputChecker checker_;
    std::map<StreamId, Held> held_;
    std::map<StreamId, http::Request> requests_;
    std::map<StreamId, std::size_t> unused_;
    StreamId last_ = 0;
    bool has_ended_ = false;
};

// The outcome does not depend on how the octets are cut.
void check_pieces(std::string_view octets, std::size_t piece) {
    Served whole(Server::answers);
    whole.receive(octets);
    Served pieces(Server::answers);
    pieces.receive(octets, piece);
    require(whole.events == pieces.events && whole.frames == pieces.frames);
}

}  // namespace
}  // namespace portico::h2

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace portico::h2;
    if (size < 4) return 0;
    // Four octets say how it is played; the first one also whether the client begins well, and with low limits.
    Limits limits;
    if ((data[0] & 2) != 0) {
        limits = {.streams_max = 3,
                  .resets_max = 5,
                  .control_frames_burst_max = 10,
                  .header_list_octets_max = 400,
                  .field_count_max = 5,
                  .target_octets_max = 10,
                  .block_octets_max = 300,
                  .continuations_max = 2,
                  .stream_window_octets = 100,
                  .connection_window_octets = 70'000,
                  .output_octets_max = 2'000};
    }
    const std::string begin = (data[0] & 1) != 0 ? std::string() : hello();
    const std::string octets = begin + std::string(reinterpret_cast<const char*>(data) + 4, size - 4);
    const std::size_t piece = 1 + data[1];
    Play(data[2], limits).run(octets, piece, std::chrono::milliseconds(10 * data[3]));
    if (octets.size() < 60'000) check_pieces(octets, piece);
    return 0;
}
