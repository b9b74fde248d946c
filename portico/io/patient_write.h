// portico/io/patient_write.h — writes text for people to a descriptor that perhaps nothing reads.
//
// Room io: see error.h.
// Threads:   any.
#pragma once

#include <chrono>
#include <string_view>

namespace portico::io {

// Writes `text` to `descriptor`, such as standard error. Gives up once the descriptor has accepted nothing for
// `patience`, like a full pipe whose reader is stopped: a server must not block because nothing reads its messages.
// False if not all of the text was written.
bool write_patiently(int descriptor, std::string_view text,
                     std::chrono::milliseconds patience = std::chrono::milliseconds(1'000));

}  // namespace portico::io
