// portico/app/banner.cc — what `portico serve` prints when it is ready.
//
// Room app: see command.h.
#include "portico/app/banner.h"

#include <fmt/core.h>

#include <algorithm>
#include <string_view>

#include "portico/base/printable.h"
#include "portico/cli/columns.h"

namespace portico::app {
namespace {

constexpr std::uint16_t http_port = 80;
constexpr std::uint16_t https_port = 443;

// Browsers do not support a zone in a URL (they dropped RFC 6874), so link-local IPv6 addresses get no URL.
std::string url_of(const io::IpAddress& ip, std::uint16_t port, http::Scheme scheme) {
    const std::string host = ip.family() == io::Family::ipv6 ? fmt::format("[{}]", ip.text()) : ip.text();
    const bool is_secure = scheme == http::Scheme::https;
    const std::string_view name = is_secure ? "https" : "http";
    if (port == (is_secure ? https_port : http_port)) return fmt::format("{}://{}/", name, host);
    return fmt::format("{}://{}:{}/", name, host, port);
}

bool is_everywhere(const io::SocketAddress& address) {
    return address.family != io::Family::unix_path && address.ip.reach() == io::Reach::unspecified;
}

Door door_of(const io::SocketAddress& address, http::Scheme scheme) {
    if (address.family == io::Family::unix_path) {
        const std::string text = address.text();
        return {.url = text, .who = "this machine", .reach = io::Reach::loopback, .is_url = false};
    }
    const io::Reach reach = address.ip.reach();
    const std::string who = reach == io::Reach::loopback ? "this machine" : "";
    return {.url = url_of(address.ip, address.port, scheme), .who = who, .reach = reach};
}

void append_doors_everywhere(const io::SocketAddress& address, const std::vector<OwnAddress>& own, http::Scheme scheme,
                             std::vector<Door>& doors) {
    // An IPv6 socket that listens on every address accepts IPv4 too.
    doors.push_back(
        {.url = url_of(io::IpAddress::loopback(io::Family::ipv4), address.port, scheme), .who = "this machine"});
    for (const auto& [interface, ip] : own) {
        const io::Reach reach = ip.reach();
        if (ip.family() == io::Family::ipv6 && address.family == io::Family::ipv4) continue;
        if (reach == io::Reach::loopback || (ip.family() == io::Family::ipv6 && reach == io::Reach::link_local))
            continue;
        doors.push_back({.url = url_of(ip, address.port, scheme), .who = interface, .reach = reach});
    }
}

bool only_this_machine(const std::vector<Door>& doors) {
    return std::ranges::all_of(doors, [](const Door& door) { return door.reach == io::Reach::loopback; });
}

// Explains how to make a container's port reachable from outside.
std::string how_to_publish(const Banner& banner) {
    if (banner.port == 0) return "publish the port";
    if (banner.container == "docker" || banner.container == "podman") {
        return fmt::format("publish the port: {0} run -p {1}:{1} ...", *banner.container, banner.port);
    }
    return fmt::format("publish port {}", banner.port);
}

std::string who_can_connect(const Banner& banner) {
    if (only_this_machine(banner.doors)) {
        if (!banner.container) {
            return "Only this machine can connect; add --lan to let other machines in your network connect.\n";
        }
        return fmt::format(
            "This is a container ({}): nothing outside it can reach these addresses.\n"
            "  try: {}\nand {}\n",
            *banner.container, banner.wider, how_to_publish(banner));
    }
    const auto is_public = [](const Door& door) { return door.reach == io::Reach::public_use; };
    std::string text =
        std::ranges::any_of(banner.doors, is_public)
            ? "Anyone who can reach these addresses can connect, from the internet too unless a firewall prevents it"
            : "Anyone in your network can connect";
    if (banner.asks == Asks::a_password) {
        text += ".\nThe password is sent unencrypted: anyone who can listen in on the network can read it.\n";
    } else {
        text += "; --auth USER:HASH requires a password.\n";
    }
    if (banner.container) {
        text += fmt::format("This is a container ({}); to let others connect, {}\n", *banner.container,
                            how_to_publish(banner));
    }
    return text;
}

}  // namespace

std::vector<Door> doors_of(const std::vector<io::SocketAddress>& local, const std::vector<OwnAddress>& own,
                           http::Scheme scheme) {
    std::vector<Door> doors;
    for (const io::SocketAddress& address : local) {
        if (is_everywhere(address))
            append_doors_everywhere(address, own, scheme, doors);
        else
            doors.push_back(door_of(address, scheme));
    }
    return doors;
}

const Door* door_for_others(const std::vector<Door>& doors) {
    // Interfaces are in the order in which the machine found them: real ones come before bridges and tunnels.
    const auto found =
        std::ranges::find_if(doors, [](const Door& door) { return door.is_url && door.reach != io::Reach::loopback; });
    return found == doors.end() ? nullptr : &*found;
}

const Door* door_for_us(const std::vector<Door>& doors) {
    const auto found = std::ranges::find_if(doors, &Door::is_url);
    return found == doors.end() ? nullptr : &*found;
}

std::string banner_text(const Banner& banner) {
    std::string text = fmt::format("Serving {}\n", printable(banner.root));
    if (!banner.taken_port.empty()) text += banner.taken_port + "\n";
    std::size_t widest = 0;
    for (const Door& door : banner.doors) widest = std::max(widest, cli::columns_of(door.url));
    for (const Door& door : banner.doors) {
        text += "  " + door.url;
        if (!door.who.empty()) text += std::string(widest - cli::columns_of(door.url) + 2, ' ') + door.who;
        text += "\n";
    }
    text += who_can_connect(banner);
    if (!banner.ending.empty()) text += banner.ending + "\n";
    return text;
}

}  // namespace portico::app
