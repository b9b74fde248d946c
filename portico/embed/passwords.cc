// portico/embed/passwords.cc — see passwords.h.
#include "portico/embed/passwords.h"

#include "portico/route/password.h"

namespace portico {

std::expected<std::string, std::string> hash_password(const std::string& password) {
    return route::hash_password(password);
}

bool is_password(const std::string& password, const std::string& hash) {
    return route::password_matches(password, hash);
}

}  // namespace portico
