// portico/tls/watching.h — from OpenSSL's calls to what a watcher is told; included in this room's .cc files only.
//
// Room tls: see session.h.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

#include "portico/tls/secrets.h"
#include "portico/tls/session_watcher.h"

namespace portico::tls {

// OpenSSL shows the header of a record, then what is in it, in both directions.
class Watching {
public:
    explicit Watching(SessionWatcher& watcher) : watcher_(&watcher) {}

    // What SSL_set_msg_callback() gives.
    void see(Direction direction, int content_type, std::string_view octets, const SSL& ssl);

private:
    void see_header(Direction direction, std::string_view header, bool has_inner_type);
    void tell_record(Direction direction, std::string_view name, std::size_t octets);

    SessionWatcher* watcher_;
    std::optional<std::size_t> encrypted_;  // the length of a record whose inner type comes next
};

}  // namespace portico::tls
