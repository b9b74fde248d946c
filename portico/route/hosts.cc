// portico/route/hosts.cc — see hosts.h.
#include "portico/route/hosts.h"

#include <algorithm>

#include "portico/route/pattern.h"

namespace portico::route {
namespace {

std::string in_lower_case(std::string_view text) {
    std::string lower(text);
    for (char& octet : lower) {
        if (octet >= 'A' && octet <= 'Z') octet = static_cast<char>(octet | 0x20);
    }
    return lower;
}

// A host in lower case, without the final dot for the root.
std::string normal(std::string_view host) {
    if (host.ends_with('.')) host.remove_suffix(1);
    return in_lower_case(host);
}

bool is_loopback(const io::IpAddress& ip) { return ip.reach() == io::Reach::loopback; }

bool is_of_this_machine(std::string_view host, HostCheck check) {
    if (host.empty() || host == "localhost" || host.ends_with(".localhost")) return true;
    const auto ip = io::IpAddress::parse(host);
    return ip && (check == HostCheck::names_only || is_loopback(*ip));
}

}  // namespace

std::string wrong_of_listed(std::string_view name) {
    return name == "*" || io::IpAddress::parse(name) ? std::string() : wrong_of_host(normal(name));
}

std::string host_of(std::string_view authority) {
    if (authority.starts_with('[')) return normal(authority.substr(1, authority.find(']') - 1));
    return normal(authority.substr(0, authority.rfind(':')));
}

bool is_below(std::string_view host, std::string_view wildcard) {
    return wildcard.starts_with("*.") && host.size() >= wildcard.size() && host.ends_with(wildcard.substr(1));
}

Hosts::Hosts(const HostOptions& options) : checked_(options.checked) {
    for (const std::string& name : options.names) names_.push_back(normal(name));
}

ListenerPlace listener_place(const io::SocketAddress& listener) {
    if (listener.family == io::Family::unix_path) return ListenerPlace::unix_socket;
    return is_loopback(listener.ip) ? ListenerPlace::loopback : ListenerPlace::elsewhere;
}

HostCheck Hosts::check_at(ListenerPlace listener) const {
    if (listener == ListenerPlace::unix_socket) return HostCheck::off;
    switch (checked_) {
        case HostsChecked::nowhere: return HostCheck::off;
        case HostsChecked::everywhere: return HostCheck::on;
        case HostsChecked::on_loopback:
        case HostsChecked::names_everywhere: break;
    }
    if (listener == ListenerPlace::loopback) return HostCheck::on;
    return checked_ == HostsChecked::names_everywhere ? HostCheck::names_only : HostCheck::off;
}

bool Hosts::is_listed(std::string_view host) const {
    return std::ranges::any_of(names_, [host](std::string_view name) {
        if (name == "*") return true;
        return name == host || is_below(host, name);
    });
}

bool Hosts::admits(std::string_view authority, HostCheck check) {
    if (check == HostCheck::off || (check == last_check_ && authority == last_admitted_)) return true;
    const std::string host = host_of(authority);
    if (!is_of_this_machine(host, check) && !is_listed(host)) return false;
    last_admitted_ = authority;
    last_check_ = check;
    return true;
}

}  // namespace portico::route
