// portico/wire/h1/status_for_test.h — what most rows of a table expect.
//
// Room wire: see read_head.h. Included by tests alone.
#pragma once

#include "portico/http/status.h"

namespace portico::h1 {

inline constexpr http::Status bad = http::Status::bad_request;
inline constexpr http::Status more = http::Status::continue_;  // further octets are needed

}  // namespace portico::h1
