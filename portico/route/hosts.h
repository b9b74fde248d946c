// portico/route/hosts.h — which hosts requests may name, as a defence against DNS rebinding.
//
// A web page can make its own name resolve to 127.0.0.1, or to an address of its visitor's network, and its scripts
// then read what is served there as if it were theirs. Such a request names the page's host, so it is recognised by its
// authority.
//
// Room route: see handler.h.
// Threads:   one core's.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "portico/http/message.h"
#include "portico/io/net/address.h"

namespace portico::route {

// Which listeners check the host. Unix sockets never do: no browser connects to one.
enum class HostsChecked : std::uint8_t {
    nowhere,
    on_loopback,
    names_everywhere,  // on loopback; elsewhere names only, for a server that a private network uses by its addresses
    everywhere,
};

struct HostOptions {
    HostsChecked checked = HostsChecked::nowhere;
    // Answered besides localhost, the names below it and loopback addresses: "example.org"; "*.example.org" for every
    // name below example.org; "*" for every host.
    std::vector<std::string> names;
};

// Why HostOptions::names can't have this name: the end of a sentence. Empty: it can.
[[nodiscard]] std::string wrong_of_listed(std::string_view name);

// Only these hosts, and this machine's own, on every listener. Without names, every host.
[[nodiscard]] inline HostOptions only_for(std::vector<std::string> names) {
    return {.checked = names.empty() ? HostsChecked::nowhere : HostsChecked::everywhere, .names = std::move(names)};
}

// Where a listener is, as far as rebinding is concerned.
enum class ListenerPlace : std::uint8_t { unix_socket, loopback, elsewhere };
[[nodiscard]] ListenerPlace listener_place(const io::SocketAddress& listener);

// Whether the host that a connection's requests name is checked. Rebinding needs a name: with `names_only` every IP
// address is answered.
enum class HostCheck : std::uint8_t { off, names_only, on };

// The host in "Host", "host.:port" or "[address]:port": in lower case, without the final dot for the root.
[[nodiscard]] std::string host_of(std::string_view authority);
// Whether `host` is below the wildcard "*.example.org".
[[nodiscard]] bool is_below(std::string_view host, std::string_view wildcard);

class Hosts {
public:
    explicit Hosts(const HostOptions& options = {});

    // The check for connections that were accepted there.
    [[nodiscard]] HostCheck check_at(ListenerPlace listener) const;
    // Whether a request for this authority ("localhost:8080", "[::1]", "") is answered. A request that names no host
    // is: no browser sends one.
    [[nodiscard]] bool admits(std::string_view authority, HostCheck check);

private:
    [[nodiscard]] bool is_listed(std::string_view host) const;

    HostsChecked checked_;
    std::vector<std::string> names_;  // in lower case, without a dot at the end
    // The authority that was admitted last, and by which check: most requests of a core name the same one.
    std::string last_admitted_;
    HostCheck last_check_ = HostCheck::on;
};

}  // namespace portico::route
