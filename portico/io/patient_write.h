// portico/io/patient_write.h — text for people on a descriptor that perhaps nobody reads.
//
// Room io: see error.h.
// Threads:   any.
#pragma once

#include <chrono>
#include <string_view>

namespace portico::io {

// Writes `text` to `descriptor`, such as standard error. Gives up once the descriptor has taken nothing for `patience`,
// as a full pipe does whose reader is stopped: a server must not stand still because nobody reads what it says. False
// if not all of it was written.
bool write_patiently(int descriptor, std::string_view text,
                     std::chrono::milliseconds patience = std::chrono::milliseconds(1'000));

}  // namespace portico::io
