// portico/app/help.cc — `portico help`.
//
// Room app: see command.h.
#include <fmt/core.h>

#include <vector>

#include "portico/app/commands.h"
#include "portico/app/manual.h"
#include "portico/app/notice.h"
#include "portico/base/nearest.h"
#include "portico/cli/help_text.h"

namespace portico::app {
namespace {

int run_help(const Arguments& arguments) {
    const auto topic = arguments.positional(0);
    if (!topic) {
        say(cli::overview(program()));
        return exit_ok;
    }
    if (*topic == "limits") {
        say(limits_help());
        return exit_ok;
    }
    const Command* const command = command_named(*topic);
    if (command != nullptr) {
        say(cli::help_of(*command));
        return exit_ok;
    }
    std::vector<std::string_view> topics{"limits"};
    for (const Command& each : commands()) topics.push_back(each.name);
    const auto meant = nearest(*topic, topics);
    const std::string question = meant ? fmt::format("; did you mean '{}'?", *meant) : "";
    return complain_of_misuse(fmt::format("there is no help on '{}'{}", *topic, question), "portico help");
}

}  // namespace

Command help_command() {
    return {
        .name = "help",
        .summary = "explain a command, or list the limits",
        .about = "Prints the same text as COMMAND --help; without a command, the list of commands.",
        .examples = {{"portico help serve", "the options of serve"},
                     {"portico help limits", "what --set can change, with the defaults"}},
        .arguments = {{.name = "COMMAND", .meaning = "a command, or 'limits'", .kind = ValueKind::command}},
        .run = run_help,
    };
}

}  // namespace portico::app
