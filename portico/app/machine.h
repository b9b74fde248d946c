// portico/app/machine.h — reports what the machine allows: how many cores, which names, and whether it is a container.
//
// Room app: see command.h.
// Threads:   any. Reads files in /proc, /sys and /run, which takes microseconds and never blocks.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace portico::app {

// Returns how many cores this process may keep busy: those in its affinity mask, or fewer if a control group's quota
// allows fewer. A quota of 1.5 cores counts as 1, because a second thread would be halted half of the time. At least 1.
// `root` is prepended to every path, for tests. `affinity` is the count that sched_getaffinity(2) gives.
unsigned allowed_cores(unsigned affinity, const std::string& root = {});
unsigned cores_of_affinity();

// Returns the kind of container that this process is in: "docker", "podman", "kubernetes", "lxc", … Returns nothing if
// there is no sign of a container.
std::optional<std::string> container_kind(const std::string& root = {});

// Returns the names by which this machine knows itself: its host name, its host name in the local network (NAME.local),
// and the names that /etc/hosts gives to loopback addresses.
std::vector<std::string> own_names(std::string_view host_name, const std::string& root = {});
std::string host_name();  // empty if the kernel does not give it

// Returns the first port on which a process without privileges may listen.
unsigned first_unprivileged_port(const std::string& root = {});

}  // namespace portico::app
