// portico/app/version.h — the version of this Portico.
//
// Room app: see command.h.
#pragma once

#include <string_view>

#include "portico/version.h"

namespace portico::app {

inline constexpr std::string_view version = PORTICO_VERSION_STRING;
// The date of this version, for the manual page.
inline constexpr std::string_view version_date = "2026-11-21";

}  // namespace portico::app
