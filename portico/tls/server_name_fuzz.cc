// portico/tls/server_name_fuzz.cc — any octets as a client's server_name extension.
#include "portico/tls/server_name.h"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view extension(reinterpret_cast<const char*>(data), size);
    const auto name = portico::tls::read_server_name(extension);
    if (!name) return 0;
    // A name that is read is all that the extension has: written again, it gives the same octets.
    const std::size_t octets = name->size();
    const auto length = [](std::size_t number) {
        return std::string{static_cast<char>(number >> 8), static_cast<char>(number & 0xff)};
    };
    std::string again = length(octets + 3);
    again += '\0';
    again += length(octets);
    again += *name;
    if (again != extension) std::abort();
    return 0;
}
