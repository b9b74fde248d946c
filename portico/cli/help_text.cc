// portico/cli/help_text.cc — the command table as text for a terminal.
//
// Room cli: see command.h.
#include "portico/cli/help_text.h"

#include <fmt/core.h>

#include <vector>

#include "portico/cli/columns.h"

namespace portico::cli {
namespace {

constexpr std::size_t left_columns_max = 30;

std::vector<ColumnsLine> lines_of(std::span<const Example> examples) {
    std::vector<ColumnsLine> lines;
    for (const Example& example : examples) lines.push_back({std::string(example.line), std::string(example.meaning)});
    return lines;
}

std::string meaning_of(const Option& option) {
    std::string text(option.meaning);
    if (!option.fallback.empty()) text += fmt::format(" [{}]", option.fallback);
    return text;
}

std::string written_positional(const Positional& positional) {
    std::string text(positional.name);
    if (positional.repeat == Repeat::collected) text += "…";
    if (positional.presence == Presence::optional) text = "[" + text + "]";
    return text;
}

}  // namespace

std::string written_option(const Option& option) {
    std::string text = option.letter == '\0' ? "    " : fmt::format("-{}, ", option.letter);
    text += fmt::format("--{}{}", option.negation == Negation::with_no ? "[no-]" : "", option.name);
    if (!option.if_alone.empty()) {
        text += fmt::format("[={}]", option.value);
    } else if (!option.value.empty()) {
        text += fmt::format(" {}", option.value);
    }
    if (option.repeat == Repeat::collected) text += "…";
    return text;
}

std::string usage_of(const Command& command) {
    std::string text = fmt::format("portico {}", command.name);
    for (const Positional& positional : command.arguments) text += " " + written_positional(positional);
    if (!command.options.empty()) text += " [option]…";
    return text;
}

std::string overview(const Program& program) {
    std::string text = fmt::format("portico {} — {}\n\n", program.version, program.summary);
    text += in_two_columns(lines_of(program.examples), left_columns_max);
    text += "\nusage: portico COMMAND [argument]…\n\n";
    std::vector<ColumnsLine> lines;
    for (const Command& command : program.commands) {
        lines.push_back({std::string(command.name), std::string(command.summary)});
    }
    text += in_two_columns(lines, left_columns_max);
    text += "\nportico COMMAND --help explains a command; portico --version prints the version.\n";
    return text;
}

std::string help_of(const Command& command) {
    std::string text = fmt::format("portico {} — {}\n\n", command.name, command.summary);
    if (!command.examples.empty()) text += in_two_columns(lines_of(command.examples), 52) + "\n";
    text += fmt::format("usage: {}\n\n", usage_of(command));
    std::vector<ColumnsLine> lines;
    for (const Positional& positional : command.arguments) {
        lines.push_back({std::string(positional.name), std::string(positional.meaning)});
    }
    bool is_complete = true;
    for (const Option& option : command.options) {
        if (option.explained == Explained::in_help) {
            lines.push_back({written_option(option), meaning_of(option)});
        } else {
            is_complete = false;
        }
    }
    lines.push_back({"-h, --help", is_complete ? "print this text" : "print this text; portico man has all options"});
    return text + in_two_columns(lines, left_columns_max);
}

}  // namespace portico::cli
