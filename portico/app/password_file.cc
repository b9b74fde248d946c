// portico/app/password_file.cc — see password_file.h.
//
// Room app: see command.h.
#include "portico/app/password_file.h"

#include <fmt/core.h>

#include <algorithm>
#include <cstring>
#include <span>
#include <utility>

#include "portico/io/input_file.h"
#include "portico/route/password.h"

namespace portico::app {
namespace {

constexpr std::size_t password_file_octets_max = 1024 * 1024;

}  // namespace

std::expected<std::vector<route::Credential>, std::string> parse_password_file(std::string_view text) {
    std::vector<route::Credential> users;
    for (std::size_t number = 1; !text.empty(); ++number) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        std::string_view line = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        if (line.ends_with('\r')) line.remove_suffix(1);
        if (line.empty() || line.starts_with('#')) continue;
        const std::size_t colon = line.find(':');
        if (colon == std::string_view::npos || colon == 0) {
            return std::unexpected(fmt::format("line {} is not USER:HASH", number));
        }
        route::Credential credential{std::string(line.substr(0, colon)), std::string(line.substr(colon + 1))};
        const auto usable = route::check_hash_format(credential.hash);
        if (!usable) return std::unexpected(fmt::format("the hash in line {}: {}", number, usable.error()));
        const bool is_repeated = std::ranges::find(users, credential.user, &route::Credential::user) != users.end();
        if (is_repeated) return std::unexpected(fmt::format("line {} names a user for the second time", number));
        users.push_back(std::move(credential));
    }
    return users;
}

std::expected<std::vector<route::Credential>, std::string> read_password_file(const std::string& path) {
    const auto file = io::InputFile::open(path);
    if (!file) return std::unexpected(std::strerror(file.error().number));
    std::string text(password_file_octets_max + 1, '\0');
    std::size_t filled = 0;
    while (filled < text.size()) {
        const auto octets = file->read_at(filled, std::span(text).subspan(filled));
        if (!octets) return std::unexpected(std::strerror(octets.error().number));
        if (*octets == 0) break;
        filled += *octets;
    }
    if (filled > password_file_octets_max) return std::unexpected("it has more than 1 MiB");
    text.resize(filled);
    auto users = parse_password_file(text);
    route::wipe(text);
    if (users && users->empty()) return std::unexpected("it has no users");
    return users;
}

}  // namespace portico::app
