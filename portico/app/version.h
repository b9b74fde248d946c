// portico/app/version.h — which Portico this is.
//
// Room app: see command.h.
#pragma once

#include <string_view>

namespace portico::app {

// The same as the project's in CMakeLists.txt; the end-to-end tests compare them.
inline constexpr std::string_view version = "0.1.0";
// Of this version, for the manual page.
inline constexpr std::string_view version_date = "2026-11-21";

}  // namespace portico::app
