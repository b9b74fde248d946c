// portico/wire/websocket/deflate.h — compressed messages: permessage-deflate (RFC 7692).
//
// Room wire: see frame.h.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "portico/base/buffer.h"
#include "portico/wire/websocket/frame.h"

namespace portico::websocket {

// What both ends have agreed on (RFC 7692 §7.1).
struct DeflateParameters {
    bool server_keeps_context = true;  // without server_no_context_takeover
    bool client_keeps_context = true;  // without client_no_context_takeover
    unsigned server_window_bits = 15;  // server_max_window_bits
    unsigned client_window_bits = 15;  // client_max_window_bits

    friend bool operator==(const DeflateParameters&, const DeflateParameters&) = default;
};

// Whether compression remembers the messages before. It then compresses better, and costs each connection about 300 KiB
// all the time.
enum class Context : std::uint8_t { each_message, shared };

// The first offer of permessage-deflate that can be accepted, in the values of Sec-WebSocket-Extensions; nothing if
// there is none. An offer with a parameter that is unknown, repeated or out of range is declined (RFC 7692 §5.1), and
// so is one that demands a window of 2^8, which zlib does not have.
[[nodiscard]] std::optional<DeflateParameters> accept_deflate(std::string_view offers, Context context);

// The extension as a server accepts it, for Sec-WebSocket-Extensions.
[[nodiscard]] std::string text_of(const DeflateParameters& parameters);

// Decompresses messages (RFC 7692 §7.2.2).
class Inflater {
public:
    enum class End : std::uint8_t { done, too_large, invalid, no_memory };

    // What the other end sends: `window_bits` and `keeps_context` are its own. The ledger outlives it.
    Inflater(unsigned window_bits, bool keeps_context, Ledger& ledger);
    Inflater(const Inflater&) = delete;
    Inflater& operator=(const Inflater&) = delete;
    ~Inflater();

    // Appends what these octets are to `to`, which may have at most `octets_max` octets then.
    [[nodiscard]] End read(std::string_view octets, std::string& to, std::size_t octets_max);
    // The same for the end of a message.
    [[nodiscard]] End end_message(std::string& to, std::size_t octets_max);

private:
    struct State;
    unsigned window_bits_;
    bool keeps_context_;
    Ledger* ledger_;
    std::unique_ptr<State> state_;  // null between messages without a context
};

// Compresses messages (RFC 7692 §7.2.1).
class Deflater {
public:
    // What we send. The ledger outlives it.
    Deflater(unsigned window_bits, bool keeps_context, Ledger& ledger);
    Deflater(const Deflater&) = delete;
    Deflater& operator=(const Deflater&) = delete;
    ~Deflater();

    // A whole message. Nothing if there is no memory for that: send it as it is.
    [[nodiscard]] std::optional<std::string> compress(std::string_view message);

private:
    struct State;
    unsigned window_bits_;
    bool keeps_context_;
    Ledger* ledger_;
    std::unique_ptr<State> state_;  // null between messages without a context
};

}  // namespace portico::websocket
