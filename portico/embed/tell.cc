// portico/embed/tell.cc — see tell.h.
#include "portico/embed/tell.h"

#include <cstdio>

#include "portico/base/printable.h"

namespace portico {

std::string describe_exception(const std::exception_ptr& exception) {
    std::string text = "threw an exception";
    try {
        std::rethrow_exception(exception);
    } catch (const std::exception& known) {
        text.append(": ").append(known.what());
    } catch (...) {
        text += " that is not a std::exception";
    }
    return text;
}

void tell_of_exception(std::string_view who, const std::exception_ptr& exception) {
    tell_of_error(std::string(who) + " " + describe_exception(exception));
}

void tell_of_error(std::string_view what) { std::fprintf(stderr, "error: %s\n", printable(what).c_str()); }

void tell_of_warning(std::string_view what) { std::fprintf(stderr, "warning: %s\n", printable(what).c_str()); }

}  // namespace portico
