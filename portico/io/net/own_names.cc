// portico/io/net/own_names.cc — see own_names.h.
#include "portico/io/net/own_names.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <fstream>
#include <utility>

#include "portico/io/net/address.h"
#include "portico/io/net/interfaces.h"

namespace portico::io {
namespace {

// The file is small; a longer one is truncated.
std::string contents(const std::string& path) {
    constexpr std::size_t octets_max = 64 * 1024;
    std::ifstream file(path, std::ios::binary);
    if (!file) return {};
    std::string text(octets_max, '\0');
    file.read(text.data(), static_cast<std::streamsize>(text.size()));
    text.resize(static_cast<std::size_t>(file.gcount()));
    return text;
}

// Appends the names in one line of /etc/hosts if the line's address is a loopback address.
void append_loopback_names(std::string_view line, std::vector<std::string>& names) {
    constexpr std::string_view blanks = " \t\r";
    line = line.substr(0, line.find('#'));
    bool is_first = true;
    while (true) {
        line.remove_prefix(std::min(line.find_first_not_of(blanks), line.size()));
        if (line.empty()) return;
        const std::string_view word = line.substr(0, line.find_first_of(blanks));
        line.remove_prefix(word.size());
        if (std::exchange(is_first, false)) {
            const auto ip = IpAddress::parse(word);
            if (!ip || ip->reach() != Reach::loopback) return;
        } else {
            names.emplace_back(word);
        }
    }
}

}  // namespace

std::string host_name() {
    std::array<char, 256> name{};
    if (::gethostname(name.data(), name.size() - 1) != 0) return {};
    return name.data();
}

std::vector<std::string> own_names(std::string_view host_name, const std::string& root) {
    std::vector<std::string> names;
    if (!host_name.empty()) {
        const std::string_view label = host_name.substr(0, host_name.find('.'));
        names.emplace_back(host_name);
        names.emplace_back(label);
        names.push_back(std::string(label) + ".local");
    }
    const std::string hosts = contents(root + "/etc/hosts");
    std::string_view rest = hosts;
    while (!rest.empty()) {
        const std::string_view line = rest.substr(0, rest.find('\n'));
        append_loopback_names(line, names);
        rest.remove_prefix(std::min(line.size() + 1, rest.size()));
    }
    return names;
}

std::vector<std::string> names_of_this_machine() {
    std::vector<std::string> names{"localhost", "127.0.0.1", "::1"};
    const auto add = [&names](const std::string& name) {
        if (std::ranges::find(names, name) == names.end()) names.push_back(name);
    };
    for (const std::string& name : own_names(host_name())) add(name);
    const auto interfaces = list_interfaces();
    if (!interfaces) return names;
    for (const Interface& interface : *interfaces) {
        if (!interface.is_up) continue;
        for (const InterfaceAddress& address : interface.addresses) {
            // A link-local address is written with a zone, which a certificate can't have.
            const Reach reach = address.ip.reach();
            if (reach != Reach::loopback && reach != Reach::link_local) add(address.ip.text());
        }
    }
    return names;
}

}  // namespace portico::io
