// portico/app/serve_trouble.cc — explains why `portico serve` could not start, and what to type.
//
// Room app: see command.h.
#include "portico/app/serve_trouble.h"

#include <fmt/core.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <system_error>
#include <vector>

#include "portico/app/machine.h"
#include "portico/app/retype.h"
#include "portico/base/nearest.h"
#include "portico/base/quantity.h"
#include "portico/io/net/ports.h"

namespace portico::app {
namespace {

namespace fs = std::filesystem;

// Returns a folder beside the missing one with a similar name.
std::optional<std::string> folder_nearby(const fs::path& missing) {
    constexpr std::size_t names_max = 1000;
    const fs::path parent = missing.has_parent_path() ? missing.parent_path() : fs::path(".");
    std::vector<std::string> names;
    std::error_code failure;
    for (fs::directory_iterator entry(parent, failure), end; !failure && entry != end && names.size() < names_max;
         entry.increment(failure)) {
        std::error_code unknown;
        if (entry->is_directory(unknown)) names.push_back(entry->path().filename().string());
    }
    const std::vector<std::string_view> candidates(names.begin(), names.end());
    const std::string name = missing.filename().string();
    const auto meant = nearest(name, candidates);
    if (!meant) return std::nullopt;
    return missing.has_parent_path() ? (missing.parent_path() / *meant).string() : std::string(*meant);
}

std::string advice_on_missing(const std::string& root) {
    const auto number = parse_count(root);
    if (number && *number > 0 && *number < 65'536) return fmt::format("portico serve -p {}", root);
    const auto nearby = folder_nearby(root);
    if (nearby) return fmt::format("portico serve {}", shell_quoted(*nearby));
    return fmt::format("mkdir -p {}", shell_quoted(root));
}

std::string with_port(const Arguments& arguments, const io::SocketAddress& address, std::uint16_t port) {
    if (arguments.values("listen").empty()) return retyped(arguments, fmt::format("-p {}", port));
    const io::SocketAddress other = io::SocketAddress::of(address.ip, port);
    return retyped(arguments, fmt::format("-l {}", other.text()));
}

Misuse port_in_use(const Arguments& arguments, const io::SocketAddress& address, std::uint16_t free_port) {
    const auto holder = io::who_holds(address);
    const std::string by = holder ? " by " + io::describe_holders(*holder) : "";
    std::string advice = with_port(arguments, address, free_port);
    if (holder && !holder->held_by.empty()) {
        advice += fmt::format("\nkill {}", holder->held_by.front().pid);
    } else {
        advice += fmt::format("\nsudo portico ports {} --listening", address.port);
    }
    return {fmt::format("cannot listen on {}: the port is in use{}", address.text(), by), std::move(advice)};
}

Misuse port_not_allowed(const Arguments& arguments, const io::SocketAddress& address, std::uint16_t free_port) {
    std::error_code failure;
    const fs::path program = fs::read_symlink("/proc/self/exe", failure);
    const std::string path = failure ? "\"$(command -v portico)\"" : shell_quoted(program.string());
    return {
        fmt::format("cannot listen on {}: ports below {} need privileges", address.text(), first_unprivileged_port()),
        fmt::format("{}\nsudo setcap cap_net_bind_service=+ep {}", with_port(arguments, address, free_port), path)};
}

Misuse path_trouble(const io::SocketAddress& address, const io::Error& error) {
    const std::string folder = shell_quoted(fs::path(address.path).parent_path().string());
    const std::string what = fmt::format("cannot listen on {}: ", address.text());
    switch (error.number) {
        case EADDRINUSE: {
            std::error_code failure;
            const fs::file_type type = fs::symlink_status(address.path, failure).type();
            if (type == fs::file_type::socket)
                return {what + "another process listens there", "portico ports --listening"};
            return {what + "that path is taken by a file that is not a socket", "ls -ld " + shell_quoted(address.path)};
        }
        case ENOENT: return {what + "there is no such folder", "mkdir -p " + folder};
        case EACCES: return {what + "files cannot be created in that folder", "ls -ld " + folder};
        default: return {what + std::strerror(error.number), ""};
    }
}

}  // namespace

Misuse trouble_with_root(const Arguments& arguments, const std::string& root, const io::Error& error) {
    const std::string what = fmt::format("cannot serve '{}': ", root);
    switch (error.number) {
        case ENOENT: return {what + "there is no such folder", advice_on_missing(root)};
        case ENOTDIR: {
            const fs::path parent = fs::path(root).parent_path();
            const std::string folder = shell_quoted(parent.empty() ? "." : parent.string());
            std::error_code failure;
            if (!fs::exists(root, failure))
                return {what + "a part of the path is not a folder", "portico serve " + folder};
            return {what + "it is neither a folder nor a regular file", "portico serve " + folder};
        }
        case EACCES: return {what + "permission denied", fmt::format("ls -ld {}", shell_quoted(root))};
        default: break;
    }
    return {what + std::strerror(error.number), fmt::format("portico {} --help", arguments.command().name)};
}

Misuse trouble_with_watching(const std::string& root, const io::Error& error) {
    const std::string what = fmt::format("--live cannot watch '{}': ", root);
    switch (error.number) {
        case EMFILE:
            return {what + "this user's programs watch too many things already",
                    "sysctl fs.inotify.max_user_instances\nportico serve " + shell_quoted(root)};
        case ENOSPC:
            return {what + "this user's programs watch too many folders already",
                    "sysctl fs.inotify.max_user_watches\nportico serve " + shell_quoted(root)};
        default: return {what + std::strerror(error.number), "portico serve " + shell_quoted(root)};
    }
}

Misuse trouble_with_listening(const Arguments& arguments, const io::SocketAddress& address, const io::Error& error,
                              std::uint16_t free_port) {
    if (address.family == io::Family::unix_path) return path_trouble(address, error);
    switch (error.number) {
        case EADDRINUSE: return port_in_use(arguments, address, free_port);
        case EACCES: return port_not_allowed(arguments, address, free_port);
        case EADDRNOTAVAIL:
            return {fmt::format("cannot listen on {}: this machine has no such address", address.text()),
                    "portico interfaces"};
        default: return {fmt::format("cannot listen on {}: {}", address.text(), std::strerror(error.number)), ""};
    }
}

}  // namespace portico::app
