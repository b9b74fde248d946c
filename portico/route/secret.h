// portico/route/secret.h — credentials that are overwritten in the end.
//
// Room route: see handler.h.
// Threads:   none. Values.
#pragma once

#include <utility>

#include "portico/http/basic_auth.h"
#include "portico/route/password.h"

namespace portico::route {

// Overwrites the credentials in the end, also if the task that holds them is destroyed.
class Secret {
public:
    explicit Secret(http::Credentials credentials) : credentials_(std::move(credentials)) {}
    Secret(const Secret&) = delete;
    Secret& operator=(const Secret&) = delete;
    ~Secret() {
        wipe(credentials_.user);
        wipe(credentials_.password);
    }
    [[nodiscard]] const http::Credentials& operator*() const { return credentials_; }

private:
    http::Credentials credentials_;
};

}  // namespace portico::route
