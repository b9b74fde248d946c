// portico/io/net/ports_listening.cc — lists the sockets that listen on this machine: see ports.h.
//
// /proc/net/tcp and similar files list each socket's address and inode (proc(5)). A process holds the socket if one of
// the links in its /proc/PID/fd reads "socket:[INODE]".
#include <dirent.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <fstream>
#include <map>
#include <memory>
#include <span>
#include <sstream>
#include <tuple>
#include <utility>

#include "portico/base/printable.h"
#include "portico/io/net/ports.h"

namespace portico::io {
namespace {

template <class Integer>
std::optional<Integer> parse_number(std::string_view text, int base) {
    Integer number = 0;
    const auto [stopped_at, failure] = std::from_chars(text.data(), text.data() + text.size(), number, base);
    if (failure != std::errc{} || stopped_at != text.data() + text.size()) return std::nullopt;
    return number;
}

// Parses an IPv4 or IPv6 address as the kernel prints it: each group of four octets is one hexadecimal number in the
// machine's byte order.
std::optional<IpAddress> parse_address(std::string_view text) {
    std::array<std::uint8_t, 16> octets{};
    if (text.size() != 8 && text.size() != 32) return std::nullopt;
    for (std::size_t at = 0; at < text.size(); at += 8) {
        const auto four = parse_number<std::uint32_t>(text.substr(at, 8), 16);
        if (!four) return std::nullopt;
        std::memcpy(octets.data() + at / 2, &*four, sizeof *four);
    }
    if (text.size() == 32) return IpAddress::v6(octets);
    return IpAddress::v4({octets[0], octets[1], octets[2], octets[3]});
}

// "0100007F:1F90"
std::optional<SocketAddress> parse_socket_address(std::string_view text) {
    const std::size_t colon = text.find(':');
    if (colon == std::string_view::npos) return std::nullopt;
    const auto ip = parse_address(text.substr(0, colon));
    const auto port = parse_number<std::uint16_t>(text.substr(colon + 1), 16);
    if (!ip || !port) return std::nullopt;
    return SocketAddress::of(*ip, *port);
}

// Reads /proc/net/{tcp,tcp6,udp,udp6}. Returns whether the file exists.
bool read_internet_table(const std::string& path, EndpointScheme transport, std::vector<ListeningSocket>& into) {
    // TCP_LISTEN, and TCP_CLOSE, which for UDP is "not connected" (linux/net/tcp_states.h).
    const std::string_view wanted_state = transport == EndpointScheme::tcp ? "0A" : "07";
    std::ifstream table(path);
    if (!table) return false;
    std::string line;
    std::getline(table, line);  // skips the column names
    while (std::getline(table, line)) {
        std::istringstream words(line);
        std::string number, local, remote, state, queues, timer, retransmits, user, timeout, inode;
        words >> number >> local >> remote >> state >> queues >> timer >> retransmits >> user >> timeout >> inode;
        const auto address = parse_socket_address(local);
        const auto inode_number = parse_number<std::uint64_t>(inode, 10);
        if (state != wanted_state || !address || !inode_number) continue;
        into.push_back({.transport = transport, .local = *address, .inode = *inode_number, .held_by = {}});
    }
    return true;
}

void read_unix_table(const std::string& path, std::vector<ListeningSocket>& into) {
    constexpr std::uint32_t accepts_connections = 1U << 16;  // __SO_ACCEPTCON, in linux/net.h
    std::ifstream table(path);
    std::string line;
    std::getline(table, line);  // skips the column names
    while (std::getline(table, line)) {
        std::istringstream words(line);
        std::string number, references, protocol, flags, type, state, inode, name;
        words >> number >> references >> protocol >> flags >> type >> state >> inode;
        words.ignore(1);
        std::getline(words, name);  // including blanks
        const auto flag_bits = parse_number<std::uint32_t>(flags, 16);
        const auto inode_number = parse_number<std::uint64_t>(inode, 10);
        if (!flag_bits || (*flag_bits & accepts_connections) == 0 || !inode_number) continue;
        if (name.starts_with('@')) name.front() = '\0';  // the kernel prints a NUL as @
        into.push_back({.transport = EndpointScheme::unix_stream,
                        .local = SocketAddress::unix_path_of(std::move(name)),
                        .inode = *inode_number,
                        .held_by = {}});
    }
}

struct CloseDirectory {
    void operator()(DIR* directory) const { ::closedir(directory); }
};
using Directory = std::unique_ptr<DIR, CloseDirectory>;

std::string process_name(const std::string& process_folder) {
    std::ifstream file(process_folder + "/comm");
    std::string name;
    std::getline(file, name);
    return name;
}

using SocketsByInode = std::multimap<std::uint64_t, ListeningSocket*>;

// Adds the process to each socket that it holds.
void find_sockets_of(const std::string& process_folder, int pid, const SocketsByInode& sockets) {
    const Directory descriptors(::opendir((process_folder + "/fd").c_str()));
    if (!descriptors) return;  // not our process, or it has ended
    constexpr std::string_view prefix = "socket:[";
    std::string name;
    while (const dirent* const entry = ::readdir(descriptors.get())) {
        char room[64];
        const ssize_t length = ::readlinkat(::dirfd(descriptors.get()), entry->d_name, room, sizeof room);
        if (length <= 0) continue;
        const std::string_view link(room, static_cast<std::size_t>(length));
        if (!link.starts_with(prefix) || !link.ends_with(']')) continue;
        const auto inode = parse_number<std::uint64_t>(link.substr(prefix.size(), link.size() - prefix.size() - 1), 10);
        if (!inode) continue;
        const auto [first, last] = sockets.equal_range(*inode);
        for (auto found = first; found != last; ++found) {
            auto& holders = found->second->held_by;
            if (name.empty()) name = process_name(process_folder);
            if (holders.empty() || holders.back().pid != pid) holders.push_back({.pid = pid, .name = name});
        }
    }
}

void find_holders(const std::string& proc, std::vector<ListeningSocket>& sockets) {
    SocketsByInode by_inode;
    for (ListeningSocket& socket : sockets) by_inode.emplace(socket.inode, &socket);
    const Directory processes(::opendir(proc.c_str()));
    if (!processes) return;
    while (const dirent* const entry = ::readdir(processes.get())) {
        const auto pid = parse_number<int>(entry->d_name, 10);
        if (pid) find_sockets_of(proc + "/" + entry->d_name, *pid, by_inode);
    }
    for (ListeningSocket& socket : sockets) std::ranges::sort(socket.held_by, {}, &Process::pid);
}

bool is_every_address(const SocketAddress& address) { return address.ip.unmapped().reach() == Reach::unspecified; }

}  // namespace

Result<std::vector<ListeningSocket>> list_listening(const std::string& proc) {
    std::vector<ListeningSocket> sockets;
    // IPv6 may be switched off, but TCP over IPv4 must be there.
    if (!read_internet_table(proc + "/net/tcp", EndpointScheme::tcp, sockets)) return fail(errno, "/proc/net/tcp");
    read_internet_table(proc + "/net/tcp6", EndpointScheme::tcp, sockets);
    read_internet_table(proc + "/net/udp", EndpointScheme::udp, sockets);
    read_internet_table(proc + "/net/udp6", EndpointScheme::udp, sockets);
    read_unix_table(proc + "/net/unix", sockets);
    std::ranges::sort(sockets, {}, [](const ListeningSocket& socket) {
        return std::tuple(socket.transport, socket.local.port, socket.local.family, socket.local.ip.octets(),
                          socket.local.path, socket.inode);
    });
    find_holders(proc, sockets);
    return sockets;
}

const ListeningSocket* find_holder(const std::vector<ListeningSocket>& sockets, const SocketAddress& wanted,
                                   EndpointScheme transport) {
    const auto found = std::ranges::find_if(sockets, [&](const ListeningSocket& socket) {
        if (socket.transport != transport) return false;
        if (transport == EndpointScheme::unix_stream) return socket.local.path == wanted.path;
        return socket.local.port == wanted.port && (socket.local.ip.unmapped() == wanted.ip.unmapped() ||
                                                    is_every_address(socket.local) || is_every_address(wanted));
    });
    return found == sockets.end() ? nullptr : &*found;
}

std::optional<ListeningSocket> who_holds(const SocketAddress& wanted, EndpointScheme transport) {
    const auto sockets = list_listening();
    if (!sockets) return std::nullopt;
    const ListeningSocket* const holder = find_holder(*sockets, wanted, transport);
    if (holder == nullptr) return std::nullopt;
    return *holder;
}

std::string describe_holders(const ListeningSocket& socket) {
    if (socket.held_by.empty()) return "a process of another user";
    std::string text = printable(socket.held_by.front().name) + " (pid " + std::to_string(socket.held_by.front().pid);
    if (socket.held_by.size() > 1) text += " and " + std::to_string(socket.held_by.size() - 1) + " more";
    return text += ")";
}

}  // namespace portico::io
