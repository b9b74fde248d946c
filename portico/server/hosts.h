// portico/server/hosts.h — which hosts requests may name, as a defence against DNS rebinding.
//
// A web page can make its own name resolve to 127.0.0.1, and its scripts can then read what is served there as if it
// belonged to the page. Such a request names the page's host, so it is recognised by its authority.
//
// Room server: see limits.h.
// Threads:   one core's.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "portico/http/message.h"
#include "portico/io/address.h"

namespace portico::server {

// Which listeners check the host. Unix sockets never do: no browser connects to one.
enum class HostsChecked : std::uint8_t { nowhere, on_loopback, everywhere };

struct HostOptions {
    HostsChecked checked = HostsChecked::nowhere;
    // Answered besides localhost, the names below it and loopback addresses: "example.org"; "*.example.org" for every
    // name below example.org; "*" for every host.
    std::vector<std::string> names;
};

// Only these hosts, and this machine's own, on every listener. Without names, every host.
[[nodiscard]] inline HostOptions only_for(std::vector<std::string> names) {
    return {.checked = names.empty() ? HostsChecked::nowhere : HostsChecked::everywhere, .names = std::move(names)};
}

// Whether the host that a connection's requests name is checked.
enum class HostCheck : std::uint8_t { off, on };

class Hosts {
public:
    explicit Hosts(const HostOptions& options = {});

    // The check for connections that were accepted at `listener`.
    [[nodiscard]] HostCheck check_at(const io::SocketAddress& listener) const;
    // Whether a request for this authority ("localhost:8080", "[::1]", "") is answered. A request without a host is
    // answered: no browser sends one.
    [[nodiscard]] bool admits(std::string_view authority);

private:
    [[nodiscard]] bool is_listed(std::string_view host) const;

    HostsChecked checked_;
    std::vector<std::string> names_;  // in lower case, without a dot at the end
    std::string last_admitted_;       // the authority: most requests of a core name the same one
};

}  // namespace portico::server
