// portico/tls/server_name.cc — see server_name.h.
#include "portico/tls/server_name.h"

#include <cstddef>

namespace portico::tls {
namespace {

constexpr char host_name_type = 0;
constexpr std::size_t name_octets_max = 255;

// Takes a length of two octets, and as many octets as it says. Nothing if there are fewer.
std::optional<std::string_view> take_vector(std::string_view& octets) {
    if (octets.size() < 2) return std::nullopt;
    const auto octet = [&octets](std::size_t at) {
        return static_cast<std::size_t>(static_cast<unsigned char>(octets[at]));
    };
    const std::size_t length = octet(0) * 256 + octet(1);
    octets.remove_prefix(2);
    if (octets.size() < length) return std::nullopt;
    const std::string_view taken = octets.substr(0, length);
    octets.remove_prefix(length);
    return taken;
}

}  // namespace

std::optional<std::string_view> read_server_name(std::string_view extension) {
    auto list = take_vector(extension);
    if (!list || !extension.empty() || list->empty() || list->front() != host_name_type) return std::nullopt;
    list->remove_prefix(1);
    const auto name = take_vector(*list);
    // One name of each type, and there is only one type.
    if (!name || !list->empty() || name->empty() || name->size() > name_octets_max) return std::nullopt;
    if (name->find('\0') != std::string_view::npos) return std::nullopt;
    return name;
}

}  // namespace portico::tls
