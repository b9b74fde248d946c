// portico/io/error.cc — see error.h.
#include "portico/io/error.h"

#include <cstring>

namespace portico::io {

std::string describe(const Error& error) {
    std::string text(error.doing);
    text += ": ";
    switch (error.number) {
        case ETIMEDOUT: return text += "timed out";
        case ECANCELED: return text += "stopped";
        default: break;
    }
    char room[256];
    // glibc's own strerror_r: it returns the text, in `room` or not.
    return text += ::strerror_r(error.number, room, sizeof room);
}

}  // namespace portico::io
