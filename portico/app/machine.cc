// portico/app/machine.cc — reports what the machine allows: how many cores, and whether it is a container.
//
// Room app: see command.h.
#include "portico/app/machine.h"

#include <sched.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <thread>
#include <utility>

#include "portico/base/quantity.h"

namespace portico::app {
namespace {

// Returns nothing if the file can't be read. The files read here are small; a longer one is truncated.
std::optional<std::string> contents(const std::string& path) {
    constexpr std::size_t octets_max = 64 * 1024;
    std::ifstream file(path, std::ios::binary);
    if (!file) return std::nullopt;
    std::string text(octets_max, '\0');
    file.read(text.data(), static_cast<std::streamsize>(text.size()));
    text.resize(static_cast<std::size_t>(file.gcount()));
    return text;
}

bool exists(const std::string& path) {
    struct stat status{};
    return ::stat(path.c_str(), &status) == 0;
}

std::string_view first_word(std::string_view text) { return text.substr(0, text.find_first_of(" \n")); }

// Returns the quota in whole cores, or nothing if there is none ("max" or -1).
std::optional<std::uint64_t> whole_cores(std::string_view quota, std::string_view period) {
    const auto time = parse_count(quota);
    const auto of = parse_count(period);
    if (!time || !of || *of == 0) return std::nullopt;
    return std::max<std::uint64_t>(*time / *of, 1);
}

// Version 2: cpu.max holds "QUOTA PERIOD".
std::optional<std::uint64_t> quota_of_v2(const std::string& folder) {
    const auto text = contents(folder + "/cpu.max");
    if (!text) return std::nullopt;
    const std::string_view quota = first_word(*text);
    if (quota.size() == text->size()) return std::nullopt;
    return whole_cores(quota, first_word(std::string_view(*text).substr(quota.size() + 1)));
}

std::optional<std::uint64_t> quota_of_v1(const std::string& folder) {
    const auto quota = contents(folder + "/cpu.cfs_quota_us");
    const auto period = contents(folder + "/cpu.cfs_period_us");
    if (!quota || !period) return std::nullopt;
    return whole_cores(first_word(*quota), first_word(*period));
}

// Returns the lowest quota from a group's folder up to the root of its hierarchy: each group is bound by those above
// it. Inside a container the path is often the host's and does not exist; the root is then the container's own group.
template <class QuotaOf>
std::uint64_t least_quota(const std::string& mount, std::string_view group, QuotaOf quota_of) {
    std::uint64_t least = UINT64_MAX;
    for (;;) {
        while (group.ends_with('/')) group.remove_suffix(1);
        const auto quota = quota_of(mount + std::string(group));
        if (quota) least = std::min(least, *quota);
        if (group.empty()) return least;
        group = group.substr(0, group.rfind('/'));
    }
}

// Parses one line of /proc/self/cgroup: "0::/user.slice" (version 2) or "4:cpu,cpuacct:/docker/…" (version 1).
std::uint64_t quota_by_line(std::string_view line, const std::string& root) {
    const std::size_t first = line.find(':');
    const std::size_t second = first == std::string_view::npos ? first : line.find(':', first + 1);
    if (second == std::string_view::npos) return UINT64_MAX;
    const std::string_view controllers = line.substr(first + 1, second - first - 1);
    const std::string_view group = line.substr(second + 1);
    if (controllers.empty()) return least_quota(root + "/sys/fs/cgroup", group, quota_of_v2);
    const std::string between = "," + std::string(controllers) + ",";
    if (between.find(",cpu,") == std::string::npos) return UINT64_MAX;
    return std::min(least_quota(root + "/sys/fs/cgroup/cpu", group, quota_of_v1),
                    least_quota(root + "/sys/fs/cgroup/" + std::string(controllers), group, quota_of_v1));
}

}  // namespace

unsigned cores_of_affinity() {
    // A fixed cpu_set_t holds 1024 cores. On a larger machine the call fails, and the library's count is used.
    cpu_set_t cores;
    CPU_ZERO(&cores);
    if (::sched_getaffinity(0, sizeof cores, &cores) == 0) return static_cast<unsigned>(CPU_COUNT(&cores));
    return std::max(std::thread::hardware_concurrency(), 1U);
}

unsigned allowed_cores(unsigned affinity, const std::string& root) {
    std::uint64_t allowed = std::max(affinity, 1U);
    const auto groups = contents(root + "/proc/self/cgroup");
    std::string_view rest = groups ? std::string_view(*groups) : std::string_view();
    while (!rest.empty()) {
        const std::size_t end = rest.find('\n');
        allowed = std::min(allowed, quota_by_line(rest.substr(0, end), root));
        rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
    }
    return static_cast<unsigned>(allowed);
}

std::optional<std::string> container_kind(const std::string& root) {
    if (std::getenv("KUBERNETES_SERVICE_HOST") != nullptr && root.empty()) return "kubernetes";
    if (exists(root + "/run/.containerenv")) return "podman";
    if (exists(root + "/.dockerenv")) return "docker";
    // systemd-nspawn, LXC and others name it in the environment of the first process, and our environment is often the
    // same.
    const char* const said = root.empty() ? std::getenv("container") : nullptr;
    if (said != nullptr && *said != '\0') return said;
    static constexpr std::array<std::pair<std::string_view, const char*>, 6> marks{{{"kubepods", "kubernetes"},
                                                                                    {"docker", "docker"},
                                                                                    {"libpod", "podman"},
                                                                                    {"containerd", "containerd"},
                                                                                    {"/lxc/", "lxc"},
                                                                                    {"garden", "garden"}}};
    const auto groups = contents(root + "/proc/1/cgroup");
    if (!groups) return std::nullopt;
    for (const auto& [mark, kind] : marks) {
        if (groups->find(mark) != std::string::npos) return kind;
    }
    return std::nullopt;
}

unsigned first_unprivileged_port(const std::string& root) {
    const auto text = contents(root + "/proc/sys/net/ipv4/ip_unprivileged_port_start");
    const auto number = text ? parse_count(first_word(*text)) : std::nullopt;
    return number && *number <= 65'536 ? static_cast<unsigned>(*number) : 1024;
}

}  // namespace portico::app
