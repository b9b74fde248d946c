// portico/link/shake_hands.cc — see shake_hands.h.
#include "portico/link/shake_hands.h"

#include <cerrno>
#include <utility>

namespace portico::link {
namespace {

using Kind = Failure::Kind;

}  // namespace

Task<std::optional<Failure>> shake_hands(Transport& transport, std::string where, io::TimePoint deadline) {
    const io::Result<void> secured = co_await transport.handshake(std::nullopt, deadline);
    if (secured) co_return std::nullopt;
    if (secured.error().number == ECANCELED) co_return Failure{Kind::stopped, "stopped"};
    const tls::Session& failed = *transport.session();
    if (failed.is_untrusted()) {
        co_return Failure{Kind::not_trusted, where + " is not who it should be: " + std::string(failed.failure())};
    }
    if (!failed.failure().empty()) {
        co_return Failure{Kind::not_secured, "no TLS with " + where + ": " + std::string(failed.failure())};
    }
    if (transport.core().now() >= deadline) {
        co_return Failure{Kind::timed_out, "no TLS handshake with " + where + " in time"};
    }
    co_return Failure{Kind::not_secured, "no TLS with " + where + ": the connection was lost"};
}

}  // namespace portico::link
