// portico/embed/tell.cc — see tell.h.
#include "portico/embed/tell.h"

#include <cstdio>

#include "portico/base/printable.h"

namespace portico {
namespace {

void tell(std::string_view who, std::string_view what) {
    std::fprintf(stderr, "error: %s threw an exception: %s\n", printable(who).c_str(), printable(what).c_str());
}

}  // namespace

void tell_of_exception(std::string_view who, const std::exception_ptr& exception) {
    try {
        std::rethrow_exception(exception);
    } catch (const std::exception& known) {
        tell(who, known.what());
    } catch (...) {
        tell(who, "of a type that is no std::exception");
    }
}

void tell_of_error(std::string_view what) { std::fprintf(stderr, "error: %s\n", printable(what).c_str()); }

}  // namespace portico
