// portico/app/program.cc — finds and runs the command that the command line names.
//
// Room app: see command.h.
#include "portico/app/program.h"

#include <fmt/core.h>
#include <sys/stat.h>

#include <cstdio>
#include <string>
#include <vector>

#include "portico/app/commands.h"
#include "portico/app/notice.h"
#include "portico/app/retype.h"
#include "portico/app/version.h"
#include "portico/base/nearest.h"
#include "portico/cli/help_text.h"

namespace portico::app {
namespace {

bool is_directory(std::string_view path) {
    struct stat status{};
    return ::stat(std::string(path).c_str(), &status) == 0 && S_ISDIR(status.st_mode);
}

int complain_of_unknown(std::string_view word) {
    if (word.starts_with('-')) {
        return complain_of_misuse(fmt::format("portico itself has no option '{}'", word), "portico help");
    }
    // If the first word is a folder, the user probably wants to serve it.
    if (is_directory(word)) {
        return complain_of_misuse(fmt::format("'{}' is a folder, not a command", word),
                                  fmt::format("portico serve {}", shell_quoted(word)));
    }
    std::vector<std::string_view> names;
    for (const Command& command : commands()) names.push_back(command.name);
    const auto meant = nearest(word, names);
    const std::string question = meant ? fmt::format("; did you mean '{}'?", *meant) : "";
    return complain_of_misuse(fmt::format("there is no command '{}'{}", word, question), "portico help");
}

int run_command(const Command& command, std::span<const std::string_view> words) {
    const Parsed arguments = cli::parse_arguments(command, words);
    if (!arguments) return complain_of_misuse(arguments.error().message, arguments.error().advice);
    if (!*arguments) {
        say(cli::help_of(command));
        return exit_ok;
    }
    return command.run(**arguments);
}

int dispatch(std::span<const std::string_view> words) {
    if (words.empty() || words.front() == "--help" || words.front() == "-h") {
        say(cli::overview(program()));
        return exit_ok;
    }
    if (words.front() == "--version" || words.front() == "-V") {
        say(fmt::format("portico {}\n", version));
        return exit_ok;
    }
    const Command* const command = command_named(words.front());
    if (command == nullptr) return complain_of_unknown(words.front());
    return run_command(*command, words.subspan(1));
}

}  // namespace

int run(std::span<const std::string_view> words) {
    const int code = dispatch(words);
    // The user asked for the output, so the command has failed if, say, it is redirected to a full disk.
    if (code == exit_ok && std::ferror(stdout) != 0) return complain("standard output could not be written");
    return code;
}

}  // namespace portico::app
