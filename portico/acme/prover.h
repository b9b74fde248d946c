// portico/acme/prover.h — how this machine proves to an authority that a name is its own.
//
// Room acme: see base64url.h.
// Threads:   one core's.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "portico/acme/failure.h"
#include "portico/base/task.h"

namespace portico::acme {

// What the authority wants to see.
struct Proof {
    std::string type;   // "http-01"
    std::string name;   // without "*."
    std::string token;  // RFC 8555 §8.1
    std::string key_authorization;
};

class Prover {
public:
    virtual ~Prover() = default;
    // The types of challenges that it can meet, the preferred one first. `attempt`: how many attempts have failed: a
    // type that does not work here is not all that is tried.
    [[nodiscard]] virtual std::vector<std::string> types(unsigned attempt) const = 0;
    // Shows the proof. Once this is done, the authority may look.
    [[nodiscard]] virtual Task<Result<void>> show(Proof proof) = 0;
    // Takes it back, without waiting: also for a proof that could not be shown.
    virtual void take_back(const Proof& proof) noexcept = 0;
};

}  // namespace portico::acme
