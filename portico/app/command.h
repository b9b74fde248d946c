// portico/app/command.h — the words of the command table, and the program's exit codes.
//
// Room app: main(), one file per subcommand, signals. Joins everything; nothing may use it.
// May use:   all rooms.
// Threads:   the main one.
//
// A subcommand is one file, `app/NAME.cc`, with one function `Command NAME_command()`, which is declared in commands.h
// and listed in commands.cc. That list shows everything that this program can do: nothing registers itself.
#pragma once

#include "portico/cli/command.h"

namespace portico::app {

using cli::Arguments;
using cli::Command;
using cli::Example;
using cli::Explained;
using cli::Misuse;
using cli::Negation;
using cli::Option;
using cli::OtherName;
using cli::Parsed;
using cli::Positional;
using cli::Presence;
using cli::Repeat;
using cli::Secrecy;
using cli::ValueKind;

// What main() returns unless a command gives its exit codes another meaning (`connect` does: see its file).
inline constexpr int exit_ok = 0;
inline constexpr int exit_failure = 1;  // at run time
inline constexpr int exit_misuse = 2;   // the command line is wrong
// The clients add these, with curl's numbers.
inline constexpr int exit_bad_uri = 3;
inline constexpr int exit_not_resolved = 6;
inline constexpr int exit_not_connected = 7;
inline constexpr int exit_not_understood = 8;
inline constexpr int exit_incomplete = 18;
inline constexpr int exit_error_status = 22;
inline constexpr int exit_not_written = 23;
inline constexpr int exit_not_read = 26;
inline constexpr int exit_no_memory = 27;
inline constexpr int exit_timed_out = 28;
inline constexpr int exit_not_secured = 35;
inline constexpr int exit_too_many_redirects = 47;
inline constexpr int exit_no_answer = 52;
inline constexpr int exit_not_sent = 55;
inline constexpr int exit_not_received = 56;
inline constexpr int exit_not_trusted = 60;
inline constexpr int exit_too_large = 63;
inline constexpr int exit_not_repeatable = 65;

}  // namespace portico::app
