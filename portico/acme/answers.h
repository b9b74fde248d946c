// portico/acme/answers.h — answers an authority's requests for a challenge http-01 (RFC 8555 §8.3).
//
// Room acme: see base64url.h.
// Threads:   any.
#pragma once

#include <memory>

#include "portico/acme/challenges.h"
#include "portico/route/routes.h"

namespace portico::acme {

// What a server answers before everything else while a proof is shown: requests for other tokens take the usual way.
[[nodiscard]] route::Precedence answers_with(std::shared_ptr<const Challenges> challenges);

}  // namespace portico::acme
