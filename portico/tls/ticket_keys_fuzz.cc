// portico/tls/ticket_keys_fuzz.cc — any octets as a file of ticket keys.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "portico/tls/ticket_keys.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using portico::tls::TicketKeys;
    const auto keys = TicketKeys::read({reinterpret_cast<const char*>(data), size});
    if (!keys) {
        if (keys.error().empty()) std::abort();
        return 0;
    }
    if ((*keys)->count() * TicketKeys::key_octets != size) std::abort();
    if ((*keys)->rotated()->count() > 3) std::abort();
    return 0;
}
