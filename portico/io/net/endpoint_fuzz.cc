// Every endpoint that parses has a text that parses to the same endpoint. Every other text gets the column of its
// mistake.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "portico/io/net/endpoint.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    for (const auto scheme : {portico::io::EndpointScheme::tcp, portico::io::EndpointScheme::udp}) {
        const auto endpoint = portico::io::parse_endpoint(text, scheme);
        if (!endpoint) {
            const auto& error = endpoint.error();
            if (error.message.empty() || error.column < 1 || error.column > size + 1) std::abort();
            continue;
        }
        const auto again = portico::io::parse_endpoint(endpoint->text());
        if (!again || *again != *endpoint || again->text() != endpoint->text()) std::abort();
    }
    return 0;
}
