// portico/wire/websocket/websocket_fuzz.cc — any octets as the frames of a client, and as an offer of extensions.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "portico/wire/websocket/connection.h"

namespace {

using portico::websocket::Event;

void require(bool holds) {
    if (!holds) std::abort();
}

// What a connection finds, and what it answers.
struct Outcome {
    std::string events;
    std::string output;
    friend bool operator==(const Outcome&, const Outcome&) = default;
};

Outcome feed(std::string_view octets, std::size_t piece, bool is_compressed, bool keeps_context) {
    namespace ws = portico::websocket;
    portico::Ledger ledger(std::size_t{1} << 24);
    Outcome outcome;
    {
        const ws::Limits limits{.message_octets_max = 2000, .frames_max = 20, .control_frames_max = 50};
        std::optional<ws::DeflateParameters> deflate;
        if (is_compressed) deflate = ws::DeflateParameters{keeps_context, keeps_context, 15, 15};
        ws::Connection connection(ws::Role::server, limits, deflate, ledger);
        while (!octets.empty()) {
            const std::string_view part = octets.substr(0, piece);
            connection.receive(part, {});
            while (const std::optional<Event> event = connection.next_event()) {
                require(event->octets.size() <= 2000);
                require(!outcome.events.ends_with("closed"));
                outcome.events += event->octets + std::to_string(static_cast<unsigned>(event->code));
                if (event->kind == Event::Kind::closed) outcome.events += "closed";
                ws::Utf8Reader text;
                const bool is_text = text.read(event->octets) && text.is_complete();
                require(is_text || (event->kind == Event::Kind::message && event->type == ws::MessageType::binary));
            }
            octets.remove_prefix(part.size());
        }
        outcome.output = connection.take_output();
        require(outcome.output.size() <= 2 * (portico::websocket::control_octets_max + 2));
    }
    require(ledger.used() == 0);
    return outcome;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 1) return 0;
    // The first octet determines how long the pieces are and what is compressed.
    const std::size_t piece = 1 + (data[0] & 0x1f);
    const bool is_compressed = (data[0] & 0x40) != 0;
    const bool keeps_context = (data[0] & 0x80) != 0;
    const std::string_view octets(reinterpret_cast<const char*>(data) + 1, size - 1);
    const Outcome whole = feed(octets, octets.size(), is_compressed, keeps_context);
    require(feed(octets, 1, is_compressed, keeps_context) == whole);
    require(feed(octets, piece, is_compressed, keeps_context) == whole);
    const auto accepted = portico::websocket::accept_deflate(octets, portico::websocket::Context::shared);
    if (accepted)
        require(portico::websocket::accept_deflate(text_of(*accepted), portico::websocket::Context::shared) ==
                accepted);
    return 0;
}
