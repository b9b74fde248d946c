// portico/tls/applications.h — the names of protocols as ALPN lists them (RFC 7301 §3.1).
//
// Room tls: see session.h.
// Threads:   none. A function of its argument.
#pragma once

#include <cassert>
#include <string>
#include <vector>

namespace portico::tls {

// Each name with its length before it. A name has 1 to 255 octets (asserted).
[[nodiscard]] inline std::string application_list(const std::vector<std::string>& names) {
    std::string list;
    for (const std::string& name : names) {
        assert(!name.empty() && name.size() <= 255);
        list += static_cast<char>(name.size());
        list += name;
    }
    return list;
}

}  // namespace portico::tls
