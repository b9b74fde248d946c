// portico/link/beginning.cc — see beginning.h.
#include "portico/link/beginning.h"

#include <algorithm>

#include "portico/wire/h2/frame.h"

namespace portico::link {

Beginning beginning_of(std::string_view octets) {
    const std::size_t compared = std::min(octets.size(), h2::client_preface.size());
    if (octets.substr(0, compared) != h2::client_preface.substr(0, compared)) return Beginning::other;
    return compared < h2::client_preface.size() ? Beginning::unclear : Beginning::h2;
}

}  // namespace portico::link
