// portico/embed/tell.cc — see tell.h.
#include "portico/embed/tell.h"

#include <unistd.h>

#include <utility>

#include "portico/base/printable.h"
#include "portico/io/patient_write.h"

namespace portico {
namespace {

// Where a core keeps its log.
std::shared_ptr<void>& log_of(io::Core& core) {
    static const char key = 0;
    return core.local(&key);
}

void write_line(std::string_view prefix, std::string_view sentence) {
    std::string line(prefix);
    line.append(sentence).append("\n");
    io::write_patiently(STDERR_FILENO, line);
}

const Log* present_log(io::Core& core) { return static_cast<const Log*>(log_of(core).get()); }

// `prefix`: for readers of standard error.
void tell_in_one_line(const Log* log, std::string_view prefix, std::string_view what) {
    const std::string line = printable(what);
    if (log == nullptr) return write_line(prefix, line);
    tell(log, line);
}

}  // namespace

std::shared_ptr<const Log> share(const Log& log) { return log ? std::make_shared<const Log>(log) : nullptr; }

void tell_to(io::Core& core, std::shared_ptr<const Log> log) {
    log_of(core) = std::const_pointer_cast<Log>(std::move(log));
}

void tell(const Log* log, std::string_view sentence) {
    if (log == nullptr) return write_line("", sentence);
    try {
        (*log)(sentence);
    } catch (...) {
        write_line("error: the log ", printable(describe_exception(std::current_exception())));
    }
}

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

void tell_of_exception(io::Core& core, std::string_view who, const std::exception_ptr& exception) {
    tell_of_error(core, std::string(who) + " " + describe_exception(exception));
}

void tell_of_error(io::Core& core, std::string_view what) { tell_in_one_line(present_log(core), "error: ", what); }

void tell_of_error(const Log* log, std::string_view what) { tell_in_one_line(log, "error: ", what); }

void tell_of_warning(io::Core& core, std::string_view what) { tell_in_one_line(present_log(core), "warning: ", what); }

}  // namespace portico
