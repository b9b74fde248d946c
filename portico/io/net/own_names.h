// portico/io/net/own_names.h — the names and addresses by which this machine is called.
//
// Room io: see error.h.
// Threads:   any. Reads a small file, and asks the kernel for the interfaces; neither blocks.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace portico::io {

// The machine's host name; empty if the kernel does not give it.
[[nodiscard]] std::string host_name();
// Returns the names by which this machine knows itself: its host name, its host name in the local network (NAME.local),
// and the names that /etc/hosts gives to loopback addresses. `root` is prepended to the path, for tests.
[[nodiscard]] std::vector<std::string> own_names(std::string_view host_name, const std::string& root = {});
// What a client on this machine or in its network may call it: localhost, these names, and the addresses of its
// interfaces that are up, but for those with a zone.
[[nodiscard]] std::vector<std::string> names_of_this_machine();

}  // namespace portico::io
