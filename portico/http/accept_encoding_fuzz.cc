// portico/http/accept_encoding_fuzz.cc — any octets as Accept-Encoding and Accept; each line of the input is one field
// line.
//
// Room http: see status.h.
#include <algorithm>
#include <array>
#include <cassert>
#include <cstddef>
#include <cstdint>

#include "portico/http/negotiate.h"

namespace {

using namespace portico::http;

CodingSet set_of(unsigned bits) {
    CodingSet set;
    for (const Coding coding : {Coding::gzip, Coding::zstd, Coding::br}) {
        if ((bits >> static_cast<unsigned>(coding) & 1) != 0) set.add(coding);
    }
    return set;
}

void check_codings(const FieldSection& request) {
    const auto without = choose_coding(request, CodingSet());
    assert(!without || *without == Coding::identity);
    for (unsigned bits = 0; bits < 16; bits += 2) {
        const CodingSet available = set_of(bits);
        const auto chosen = choose_coding(request, available);
        assert(!chosen || available.has(*chosen));
        assert(chosen || !without);  // identity remains
        if (!chosen || *chosen == Coding::identity) continue;
        // With fewer codings to choose from, the choice is still the best.
        CodingSet alone;
        alone.add(*chosen);
        assert(choose_coding(request, alone) == chosen);
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    std::string_view left(reinterpret_cast<const char*>(data), size);
    FieldSection request;
    for (std::size_t lines = 0; !left.empty() && lines < 100; ++lines) {
        const std::string_view line = left.substr(0, left.find('\n'));
        left.remove_prefix(std::min(line.size() + 1, left.size()));
        request.add(FieldName::accept_encoding, line);
        request.add(FieldName::accept, line);
    }
    check_codings(request);
    constexpr std::array<std::string_view, 2> offered = {"text/html", "application/json"};
    const auto type = choose_media_type(request, offered);
    assert(!type || *type < offered.size());
    if (type == 1U) assert(choose_media_type(request, std::span(offered).subspan(1)) == 0U);
    return 0;
}
