// portico/base/row_name_for_test.h — the names of tests that are rows of a table.
//
// Room base: see fd.h. Included by tests alone.
#pragma once

#include <string>

namespace portico {

// For INSTANTIATE_TEST_SUITE_P: names a test after its row, which has a `name`.
inline constexpr auto row_name = [](const auto& row) { return std::string(row.param.name); };

}  // namespace portico
