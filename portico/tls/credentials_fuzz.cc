// portico/tls/credentials_fuzz.cc — any octets as the files of a certificate and its key.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "portico/tls/local_authority.h"
#include "portico/tls/server_context.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using portico::tls::Credentials;
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const auto read = Credentials::read(text, text);
    if (!read) {
        if (read.error().empty()) std::abort();
        return 0;
    }
    if (portico::tls::fingerprint(*read).size() != 95) std::abort();
    portico::tls::ServerTlsOptions options;
    options.credentials.push_back(*read);
    if (const auto context = portico::tls::ServerContext::open(options); !context && context.error().empty())
        std::abort();
    return 0;
}
