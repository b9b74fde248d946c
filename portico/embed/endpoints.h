// portico/embed/endpoints.h — where a server listens: one endpoint or several.
//
// Room embed: see response.h.
// Threads:   values.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace portico {

// "127.0.0.1:80", or {"127.0.0.1:80", "unix:/run/x.sock"}: an argument of Server::run() and start().
class Endpoints {
public:
    // One endpoint, as a literal.
    Endpoints(const char* one) : texts_{one} {}  // NOLINT(google-explicit-constructor)
    // One, as a view that need not last.
    Endpoints(std::string_view one) : texts_{std::string(one)} {}  // NOLINT(google-explicit-constructor)
    // One, as a text.
    Endpoints(std::string one) : texts_{std::move(one)} {}  // NOLINT(google-explicit-constructor)
    // Any number that is known only while the program runs.
    Endpoints(std::vector<std::string> all) : texts_(std::move(all)) {}  // NOLINT(google-explicit-constructor)
    // Several, in braces.
    Endpoints(std::initializer_list<std::string_view> all) : texts_(all.begin(), all.end()) {}

    // As given.
    [[nodiscard]] const std::vector<std::string>& texts() const { return texts_; }

private:
    std::vector<std::string> texts_;
};

}  // namespace portico
