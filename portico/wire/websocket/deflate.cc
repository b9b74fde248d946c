// portico/wire/websocket/deflate.cc — see deflate.h.
#include "portico/wire/websocket/deflate.h"

#include <zlib.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <utility>

#include "portico/http/fields.h"

namespace portico::websocket {
namespace {

// What ends each compressed message, and is left out (RFC 7692 §7.2.1).
constexpr std::string_view tail{"\x00\x00\xff\xff", 4};

constexpr unsigned window_bits_min = 9;  // zlib takes 8 for 9, and the other end might then not be able to read it
constexpr unsigned window_bits_max = 15;

// What zlib says that it uses (zconf.h), rounded up.
std::size_t inflate_octets(unsigned window_bits) { return (std::size_t{1} << window_bits) + 10 * 1024; }
std::size_t deflate_octets(unsigned window_bits, int memory_level) {
    return (std::size_t{4} << window_bits) + (std::size_t{512} << memory_level) + 10 * 1024;
}

// "10" or, as a quoted string, "\"10\"" (RFC 6455 §9.1). Nothing if it is not a number from 8 to 15 without zeros
// before it.
std::optional<unsigned> read_window_bits(std::string_view text) {
    if (text.size() > 2 && text.starts_with('"') && text.ends_with('"')) text = text.substr(1, text.size() - 2);
    if (text.starts_with('0')) return std::nullopt;
    unsigned bits = 0;
    const auto [stopped_at, failure] = std::from_chars(text.data(), text.data() + text.size(), bits);
    if (failure != std::errc{} || stopped_at != text.data() + text.size()) return std::nullopt;
    if (bits < 8 || bits > window_bits_max) return std::nullopt;
    return bits;
}

// The parameters of an offer, each of which may come once.
struct Offer {
    bool server_drops_context = false;
    bool client_drops_context = false;
    bool has_server_bits = false;
    bool has_client_bits = false;
    std::optional<unsigned> server_bits;
    std::optional<unsigned> client_bits;

    // False: the offer has to be declined.
    bool take(std::string_view parameter) {
        const std::size_t sign = parameter.find('=');
        const std::string_view name = http::trim(parameter.substr(0, sign));
        std::optional<std::string_view> value;
        if (sign != std::string_view::npos) value = http::trim(parameter.substr(sign + 1));
        const auto set_once = [](bool& flag) { return !std::exchange(flag, true); };
        if (name == "server_no_context_takeover") return !value && set_once(server_drops_context);
        if (name == "client_no_context_takeover") return !value && set_once(client_drops_context);
        if (name == "server_max_window_bits") {
            server_bits = read_window_bits(value.value_or(std::string_view()));
            return set_once(has_server_bits) && server_bits && *server_bits >= window_bits_min;
        }
        if (name != "client_max_window_bits") return false;
        if (value) client_bits = read_window_bits(*value);
        return set_once(has_client_bits) && (!value || client_bits);
    }
};

std::optional<DeflateParameters> accept(std::string_view extension, Context context) {
    const auto name = http::next_element(extension, ';');
    if (!name || http::trim(*name) != "permessage-deflate") return std::nullopt;
    Offer offer;
    while (const auto parameter = http::next_element(extension, ';')) {
        if (!offer.take(*parameter)) return std::nullopt;
    }
    DeflateParameters accepted;
    const bool is_shared = context == Context::shared;
    accepted.server_keeps_context = is_shared && !offer.server_drops_context;
    accepted.client_keeps_context = is_shared && !offer.client_drops_context;
    accepted.server_window_bits = offer.server_bits.value_or(window_bits_max);
    // A smaller window that the client announces saves us memory (RFC 7692 §7.1.2.2).
    accepted.client_window_bits = offer.client_bits.value_or(window_bits_max);
    return accepted;
}

}  // namespace

std::optional<DeflateParameters> accept_deflate(std::string_view offers, Context context) {
    while (const auto extension = http::next_element(offers)) {
        const auto accepted = accept(*extension, context);
        if (accepted) return accepted;
    }
    return std::nullopt;
}

std::string text_of(const DeflateParameters& parameters) {
    std::string text = "permessage-deflate";
    if (!parameters.server_keeps_context) text += "; server_no_context_takeover";
    if (!parameters.client_keeps_context) text += "; client_no_context_takeover";
    const auto add_bits = [&text](std::string_view name, unsigned bits) {
        if (bits < window_bits_max) text.append("; ").append(name).append("=").append(std::to_string(bits));
    };
    add_bits("server_max_window_bits", parameters.server_window_bits);
    add_bits("client_max_window_bits", parameters.client_window_bits);
    return text;
}

// --- Inflater

struct Inflater::State {
    State(unsigned window_bits, Ledger& ledger) : charge(ledger, inflate_octets(window_bits)) {
        is_ready = inflateInit2(&stream, -static_cast<int>(window_bits)) == Z_OK;
    }
    State(const State&) = delete;
    State& operator=(const State&) = delete;
    ~State() {
        if (is_ready) inflateEnd(&stream);
    }
    Charge charge;
    z_stream stream{};
    bool is_ready = false;
};

Inflater::Inflater(unsigned window_bits, bool keeps_context, Ledger& ledger)
    : window_bits_(std::max(window_bits, window_bits_min)), keeps_context_(keeps_context), ledger_(&ledger) {}
Inflater::~Inflater() = default;

Inflater::End Inflater::read(std::string_view octets, std::string& to, std::size_t octets_max) {
    if (state_ == nullptr) {
        if (ledger_->is_full()) return End::no_memory;
        state_ = std::make_unique<State>(window_bits_, *ledger_);
    }
    if (!state_->is_ready) return End::no_memory;
    z_stream& stream = state_->stream;
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(octets.data()));
    stream.avail_in = static_cast<uInt>(octets.size());
    std::array<char, 8 * 1024> room;
    for (;;) {
        stream.next_out = reinterpret_cast<Bytef*>(room.data());
        stream.avail_out = static_cast<uInt>(room.size());
        const int result = inflate(&stream, Z_SYNC_FLUSH);
        const std::size_t made = room.size() - stream.avail_out;
        // A small message may become a very large one.
        const std::size_t left = octets_max - std::min(to.size(), octets_max);
        to.append(room.data(), std::min(made, left));
        if (made > left) return End::too_large;
        if (result == Z_MEM_ERROR) return End::no_memory;
        if (result == Z_STREAM_END) {
            // A block may be the last one of its stream; another stream may follow (RFC 7692 §7.2.3.4).
            if (inflateReset(&stream) != Z_OK) return End::no_memory;
            if (stream.avail_in == 0) return End::done;
            continue;
        }
        if (result != Z_OK && result != Z_BUF_ERROR) return End::invalid;
        if (stream.avail_out > 0) return stream.avail_in == 0 ? End::done : End::invalid;
    }
}

Inflater::End Inflater::end_message(std::string& to, std::size_t octets_max) {
    const End end = read(tail, to, octets_max);
    if (!keeps_context_) state_.reset();
    return end;
}

// --- Deflater

struct Deflater::State {
    State(unsigned window_bits, int memory_level, Ledger& ledger)
        : charge(ledger, deflate_octets(window_bits, memory_level)) {
        is_ready = deflateInit2(&stream, Z_BEST_SPEED, Z_DEFLATED, -static_cast<int>(window_bits), memory_level,
                                Z_DEFAULT_STRATEGY) == Z_OK;
    }
    State(const State&) = delete;
    State& operator=(const State&) = delete;
    ~State() {
        if (is_ready) deflateEnd(&stream);
    }
    Charge charge;
    z_stream stream{};
    bool is_ready = false;
};

Deflater::Deflater(unsigned window_bits, bool keeps_context, Ledger& ledger)
    : window_bits_(window_bits), keeps_context_(keeps_context), ledger_(&ledger) {}
Deflater::~Deflater() = default;

std::optional<std::string> Deflater::compress(std::string_view message) {
    constexpr int memory_level = 8;
    if (message.size() > std::numeric_limits<uInt>::max()) return std::nullopt;
    if (state_ == nullptr) {
        unsigned bits = window_bits_;
        // One message needs no window that is larger than itself.
        if (!keeps_context_) {
            while (bits > window_bits_min && message.size() <= std::size_t{1} << (bits - 1)) --bits;
        }
        if (!ledger_->has_room_for(deflate_octets(bits, memory_level))) return std::nullopt;
        state_ = std::make_unique<State>(bits, keeps_context_ ? memory_level : static_cast<int>(bits) - 7, *ledger_);
    }
    if (!state_->is_ready) return std::nullopt;
    z_stream& stream = state_->stream;
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(message.data()));
    stream.avail_in = static_cast<uInt>(message.size());
    std::string compressed;
    std::array<char, 8 * 1024> room;
    do {
        stream.next_out = reinterpret_cast<Bytef*>(room.data());
        stream.avail_out = static_cast<uInt>(room.size());
        static_cast<void>(deflate(&stream, Z_SYNC_FLUSH));  // fails only if it is called wrongly
        compressed.append(room.data(), room.size() - stream.avail_out);
    } while (stream.avail_out == 0);
    if (!keeps_context_) state_.reset();
    if (compressed.ends_with(tail)) compressed.resize(compressed.size() - tail.size());
    return compressed;
}

}  // namespace portico::websocket
