// portico/app/commands.h — the list of subcommands.
//
// Room app: see command.h.
#pragma once

#include <span>
#include <string_view>

#include "portico/app/command.h"

namespace portico::app {

// One line for each file that defines a subcommand.
Command serve_command();          // serve.cc
Command hello_command();          // hello.cc
Command echo_command();           // echo.cc
Command connect_command();        // connect.cc
Command listen_command();         // listen.cc
Command get_command();            // get.cc
Command resolve_command();        // resolve.cc
Command interfaces_command();     // interfaces.cc
Command ports_command();          // ports.cc
Command hash_password_command();  // hash_password.cc
Command cert_command();           // cert.cc
Command acme_command();           // acme.cc
Command completion_command();     // completion.cc
Command man_command();            // man.cc
Command help_command();           // help.cc

// Returns all subcommands, in the order of `portico help`.
std::span<const Command> commands();
// Returns the program as its help, completion and manual page present it.
cli::Program program();
// Returns null if there is no subcommand of that name.
const Command* command_named(std::string_view name);

}  // namespace portico::app
