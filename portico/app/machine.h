// portico/app/machine.h — what the machine allows: how many cores, which names, and whether it is a container.
//
// Room app: see command.h.
// Threads:   any. Reads files of /proc, /sys and /run; microseconds, nothing that waits.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace portico::app {

// How many cores this process may keep busy: those of its affinity mask, or fewer where a control group's quota allows
// fewer (a quota of 1.5 cores counts as 1: a second thread would be halted half of the time). At least 1.
// `root` is put before every path, for tests; `affinity` is what sched_getaffinity(2) counts.
unsigned allowed_cores(unsigned affinity, const std::string& root = {});
unsigned cores_of_affinity();

// What kind of container this process is in: "docker", "podman", "kubernetes", "lxc", … Nothing: none, as far as one
// can see.
std::optional<std::string> container_kind(const std::string& root = {});

// The names that mean this machine to itself: its host name, the host name in the local network (NAME.local), and those
// that /etc/hosts gives to loopback addresses.
std::vector<std::string> own_names(std::string_view host_name, const std::string& root = {});
std::string host_name();  // empty where the kernel does not tell

// The first port that a process without privileges may listen on.
unsigned first_unprivileged_port(const std::string& root = {});

}  // namespace portico::app
