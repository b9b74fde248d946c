// portico/app/commands.cc — the list of subcommands.
//
// Room app: see command.h.
#include "portico/app/commands.h"

#include <algorithm>
#include <array>

namespace portico::app {

std::span<const Command> commands() {
    static const std::array all{
        serve_command(),      hello_command(),      echo_command(),  connect_command(),
        resolve_command(),    interfaces_command(), ports_command(), hash_password_command(),
        completion_command(), man_command(),        help_command(),
    };
    return all;
}

const Command* command_named(std::string_view name) {
    const auto found = std::ranges::find(commands(), name, &Command::name);
    return found == commands().end() ? nullptr : &*found;
}

}  // namespace portico::app
