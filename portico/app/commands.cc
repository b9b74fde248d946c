// portico/app/commands.cc — the list of subcommands.
//
// Room app: see command.h.
#include "portico/app/commands.h"

#include <algorithm>
#include <array>

#include "portico/app/manual.h"
#include "portico/app/version.h"

namespace portico::app {

std::span<const Command> commands() {
    static const std::array all{
        serve_command(), hello_command(),   echo_command(),       connect_command(), listen_command(),
        get_command(),   resolve_command(), interfaces_command(), ports_command(),   hash_password_command(),
        cert_command(),  acme_command(),    completion_command(), man_command(),     help_command(),
    };
    return all;
}

cli::Program program() {
    return {
        .version = version,
        .version_date = version_date,
        .summary = "the front door of this machine",
        .purpose = "serve folders and answer connections on any port",
        .about =
            "Portico is the front door of a machine: it accepts connections on any port and answers them, above "
            "all as a strict and fast HTTP/1.1 server of a folder.",
        .examples = {{"portico serve", "this folder, on http://127.0.0.1:8080/"},
                     {"portico serve ~/site --lan", "another folder, for everyone in your network"},
                     {"portico serve --tls", "the same over HTTPS, with a certificate of your own"},
                     {"portico echo", "send back what clients send, on tcp://127.0.0.1:8080"},
                     {"portico connect HOST PORT", "talk to any server"},
                     {"portico listen", "wait for somebody to connect, and talk to them"},
                     {"portico get https://example.org/", "print a page"}},
        .commands = commands(),
        .topics = {"limits"},
        .manual = manual_sections(),
    };
}

const Command* command_named(std::string_view name) {
    const auto found = std::ranges::find(commands(), name, &Command::name);
    return found == commands().end() ? nullptr : &*found;
}

}  // namespace portico::app
