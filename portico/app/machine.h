// portico/app/machine.h — reports what the machine allows: how many cores, and whether it is a container.
//
// Room app: see command.h.
// Threads:   any. Reads files in /proc, /sys and /run, which takes microseconds and never blocks.
#pragma once

#include <optional>
#include <string>

namespace portico::app {

// Returns how many cores this process may keep busy: those in its affinity mask, or fewer if a control group's quota
// allows fewer. A quota of 1.5 cores counts as 1, because a second thread would be halted half of the time. At least 1.
// `root` is prepended to every path, for tests. `affinity` is the count that sched_getaffinity(2) gives.
unsigned allowed_cores(unsigned affinity, const std::string& root = {});
unsigned cores_of_affinity();

// Returns the kind of container that this process is in: "docker", "podman", "kubernetes", "lxc", … Returns nothing if
// there is no sign of a container.
std::optional<std::string> container_kind(const std::string& root = {});

// Returns the first port on which a process without privileges may listen.
unsigned first_unprivileged_port(const std::string& root = {});

}  // namespace portico::app
