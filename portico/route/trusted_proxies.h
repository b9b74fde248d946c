// portico/route/trusted_proxies.h — the clients of proxies that are trusted to name them.
//
// Room route: see handler.h.
// Threads:   built once, then read by every core.
#pragma once

#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "portico/http/message.h"
#include "portico/io/net/address.h"
#include "portico/link/inbound_context.h"
#include "portico/route/forwarded_fields.h"

namespace portico::route {

// Which peers are trusted.
class TrustedProxies {
public:
    // Addresses ("192.0.2.1"), networks ("10.0.0.0/8", "2001:db8::/32"), and "unix" for all peers on Unix sockets. Null
    // if there are none. Error: a sentence about the first that is something else.
    [[nodiscard]] static std::expected<std::shared_ptr<const TrustedProxies>, std::string> make(
        const std::vector<std::string>& texts, ForwardedFields fields);

    // The client of a request that came from `peer`. The proxies' list is read from its end, as long as the address
    // that comes before is a trusted one; an address that can't be read ends it, and the client is then the last proxy
    // that was trusted. Nothing if the peer itself is not trusted: its fields prove nothing.
    [[nodiscard]] std::optional<link::ForwardedClient> client_of(const http::Request& request,
                                                                 const io::SocketAddress& peer) const;
    // Whether this address is one of a trusted proxy.
    [[nodiscard]] bool trusts(const io::SocketAddress& address) const;

private:
    struct Network {
        io::IpAddress prefix;
        unsigned bits;
    };
    [[nodiscard]] link::ForwardedClient of_forwarded(const http::Request& request, link::ForwardedClient peer) const;
    [[nodiscard]] link::ForwardedClient of_x_forwarded(const http::Request& request, link::ForwardedClient peer) const;

    std::vector<Network> networks_;
    bool trusts_unix_ = false;
    ForwardedFields fields_ = ForwardedFields::x_forwarded;
};

}  // namespace portico::route
