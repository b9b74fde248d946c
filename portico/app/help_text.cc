// portico/app/help_text.cc — the command table as text for a terminal.
//
// Room app: see command.h.
#include "portico/app/help_text.h"

#include <fmt/core.h>

#include <algorithm>

#include "portico/app/version.h"
#include "portico/server/limits.h"

namespace portico::app {
namespace {

struct Line {
    std::string left;
    std::string right;
};

// The left column is as wide as most lines need. A longer left part moves only its own right part.
constexpr std::size_t left_columns_max = 30;

void append_padded(std::string& out, std::string_view text, std::size_t columns) {
    out += text;
    const std::size_t taken = columns_of(text);
    if (taken < columns) out.append(columns - taken, ' ');
}

std::string in_two_columns(std::span<const Line> lines, std::size_t most) {
    std::size_t left = 0;
    for (const Line& line : lines) {
        const std::size_t columns = columns_of(line.left);
        if (columns <= most) left = std::max(left, columns);
    }
    std::string text;
    for (const Line& line : lines) {
        text += "  ";
        append_padded(text, line.left, left);
        text += "  " + line.right + "\n";
    }
    return text;
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

std::size_t columns_of(std::string_view text) {
    // Octets 10xxxxxx continue a character (RFC 3629 §3).
    return static_cast<std::size_t>(std::ranges::count_if(text, [](char octet) { return (octet & 0xC0) != 0x80; }));
}

std::string written_option(const Option& option) {
    std::string text = option.letter == '\0' ? "    " : fmt::format("-{}, ", option.letter);
    text += fmt::format("--{}{}", option.negation == Negation::with_no ? "[no-]" : "", option.name);
    if (!option.value.empty()) text += fmt::format(" {}", option.value);
    if (option.repeat == Repeat::collected) text += "…";
    return text;
}

std::string usage_of(const Command& command) {
    std::string text = fmt::format("portico {}", command.name);
    for (const Positional& positional : command.arguments) text += " " + written_positional(positional);
    if (!command.options.empty()) text += " [option]…";
    return text;
}

std::string overview(std::span<const Command> commands) {
    std::string text = fmt::format("portico {} — the front door of this machine\n\n", version);
    const Line examples[] = {{"portico serve", "this folder, on http://127.0.0.1:8080/"},
                             {"portico serve ~/site --lan", "another folder, for everyone in your network"},
                             {"portico echo", "send back what clients send, on tcp://127.0.0.1:8080"},
                             {"portico connect HOST PORT", "talk to any server"}};
    text += in_two_columns(examples, left_columns_max);
    text += "\nusage: portico COMMAND [argument]…\n\n";
    std::vector<Line> lines;
    for (const Command& command : commands) lines.push_back({std::string(command.name), std::string(command.summary)});
    text += in_two_columns(lines, left_columns_max);
    text += "\nportico COMMAND --help explains a command; portico --version prints the version.\n";
    return text;
}

std::string help_of(const Command& command) {
    std::string text = fmt::format("portico {} — {}\n\n", command.name, command.summary);
    std::vector<Line> lines;
    for (const Example& example : command.examples) {
        lines.push_back({std::string(example.line), std::string(example.meaning)});
    }
    if (!lines.empty()) text += in_two_columns(lines, 52) + "\n";
    text += fmt::format("usage: {}\n\n", usage_of(command));
    lines.clear();
    for (const Positional& positional : command.arguments) {
        lines.push_back({std::string(positional.name), std::string(positional.meaning)});
    }
    for (const Option& option : command.options) lines.push_back({written_option(option), meaning_of(option)});
    lines.push_back({"-h, --help", "print this text"});
    return text + in_two_columns(lines, left_columns_max);
}

std::string limits_help() {
    std::string text = "portico serve --set NAME=VALUE — limits on what clients can cost the server\n\n";
    const Line examples[] = {{"portico serve --set head_time_max=3s --set connections_max=500", "several at once"}};
    text += in_two_columns(examples, 80) + "\n";
    std::vector<Line> lines;
    for (const server::LimitRow& row : server::limit_rows()) {
        lines.push_back({fmt::format("{:<27}  {:>6}", row.name, row.standard), std::string(row.meaning)});
    }
    text += in_two_columns(lines, 80);
    text +=
        "\nTimes are written as 500ms, 3s, 2m or 1h, sizes as 512, 16k, 1m or 1g (powers of 1024).\n"
        "A number after a colon is the status of the answer to a request that exceeds the limit.\n";
    return text;
}

}  // namespace portico::app
