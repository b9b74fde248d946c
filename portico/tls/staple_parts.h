// portico/tls/staple_parts.h — what a Staple holds; included in this room's .cc files only.
//
// Room tls: see session.h.
#pragma once

#include <chrono>
#include <string>

#include "portico/tls/secrets.h"
#include "portico/tls/staple.h"

namespace portico::tls {

using OwnedTime = Owned<ASN1_GENERALIZEDTIME, ASN1_GENERALIZEDTIME_free>;

struct Staple::Parts {
    std::string response;
    OwnedTime begins;
    OwnedTime ends;
};

}  // namespace portico::tls
