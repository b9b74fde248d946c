// portico/tls/staple_fuzz.cc — any octets as an OCSP response.
#include "portico/tls/staple.h"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "portico/tls/pair_for_test.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using portico::tls::Credentials;
    static const Credentials own = [] {
        const auto issued = portico::tls::issue(portico::tls::authority(), {"localhost"}, portico::tls::today());
        return *Credentials::read(issued->chain + portico::tls::authority_text().chain, issued->key);
    }();
    // Nobody but the authority can make one that is accepted.
    const auto read = portico::tls::Staple::read({reinterpret_cast<const char*>(data), size}, own);
    if (read || read.error().empty()) std::abort();
    return 0;
}
