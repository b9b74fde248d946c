// portico/cli/man_page.cc — the command table as a manual page.
//
// Room cli: see command.h.
#include "portico/cli/man_page.h"

#include <fmt/core.h>

#include <cstddef>
#include <string_view>
#include <utility>

#include "portico/cli/help_text.h"

namespace portico::cli {
namespace {

constexpr std::size_t line_octets_max = 78;

// Returns text that troff shows unchanged: nothing becomes an escape by accident, and hyphens and quotation marks stay
// ASCII.
std::string escaped(std::string_view text) {
    std::string out;
    for (const char octet : text) {
        switch (octet) {
            case '\\': out += "\\e"; break;
            case '-': out += "\\-"; break;
            case '^': out += "\\(ha"; break;
            case '~': out += "\\(ti"; break;
            case '`': out += "\\(ga"; break;
            case '\'': out += "\\(aq"; break;
            default: out += octet;
        }
    }
    return out;
}

// Returns a paragraph in short lines. No line begins with a dot, which would make it a troff request.
std::string filled(std::string_view text) {
    std::string out;
    std::string line;
    while (!text.empty()) {
        const std::size_t end = text.find_first_of(" \n");
        const std::string word = escaped(text.substr(0, end));
        text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
        if (word.empty()) continue;
        if (!line.empty() && line.size() + 1 + word.size() > line_octets_max) out += std::exchange(line, {}) + "\n";
        if (line.empty())
            line = word.front() == '.' ? "\\&" : "";
        else
            line += ' ';
        line += word;
    }
    return out + line + "\n";
}

// Returns the argument of a macro that takes one argument.
std::string in_quotes(std::string_view text) {
    std::string out = "\"";
    for (const char octet : escaped(text)) {
        if (octet == '"')
            out += "\\(dq";
        else
            out += octet;
    }
    return out + "\"";
}

// Paragraphs are separated by an empty line.
std::string paragraphs(std::string_view text) {
    std::string out;
    bool first = true;
    while (!text.empty()) {
        const std::size_t end = text.find("\n\n");
        if (!first) out += ".PP\n";
        first = false;
        out += filled(text.substr(0, end));
        text.remove_prefix(end == std::string_view::npos ? text.size() : end + 2);
    }
    return out;
}

std::string tagged(std::string_view tag, std::string_view text) {
    return fmt::format(".TP\n.B {}\n{}", in_quotes(tag), filled(text));
}

// Turns "the port" into "The port."; a word that is typed literally keeps its first letter, as in "tcp://, udp://".
std::string sentence(std::string_view text) {
    std::string out(text);
    const std::string_view first = text.substr(0, text.find_first_of(" ,;"));
    const bool is_typed = first.find_first_of(":/.=_") != std::string_view::npos;
    if (!is_typed && !out.empty() && out.front() >= 'a' && out.front() <= 'z')
        out.front() = static_cast<char>(out.front() - 'a' + 'A');
    return out + ".";
}

std::string option_entry(const Option& option) {
    std::string tag = written_option(option);
    tag.erase(0, tag.find_first_not_of(' '));
    std::string text(option.meaning);
    if (!option.fallback.empty()) text += fmt::format("; default: {}", option.fallback);
    return manual_entry(tag, text);
}

std::string examples_of(const Command& command) {
    std::string text;
    for (const Example& example : command.examples) {
        text += manual_entry(example.line, example.meaning);
    }
    return text;
}

std::string command_section(const Command& command) {
    std::string text = fmt::format(".SS {}\n", in_quotes(usage_of(command)));
    text += paragraphs(command.about.empty() ? sentence(command.summary) : command.about);
    for (const Positional& positional : command.arguments) text += manual_entry(positional.name, positional.meaning);
    for (const Option& option : command.options) text += option_entry(option);
    if (!command.examples.empty()) text += ".PP\nExamples:\n" + examples_of(command);
    std::string_view codes = command.exit_codes;
    if (!codes.empty()) text += ".PP\nFurther exit statuses:\n";
    while (!codes.empty()) {
        const std::size_t end = codes.find('\n');
        const std::string_view line = codes.substr(0, end);
        const std::size_t gap = line.find(' ');
        const std::size_t meaning = line.find_first_not_of(' ', gap);
        if (meaning != std::string_view::npos) text += tagged(line.substr(0, gap), line.substr(meaning));
        codes.remove_prefix(end == std::string_view::npos ? codes.size() : end + 1);
    }
    return text;
}

}  // namespace

std::string manual_entry(std::string_view tag, std::string_view text) { return tagged(tag, sentence(text)); }

std::string manual_page(const Program& program) {
    std::string text = fmt::format(
        ".\\\" From `portico man`: made from the table of commands.\n"
        ".TH PORTICO 1 {} \"portico {}\" \"User Commands\"\n",
        program.version_date, program.version);
    text += fmt::format(".SH NAME\nportico \\- {}\n", escaped(program.purpose));
    text +=
        ".SH SYNOPSIS\n.B portico\n.I command\n.RI [ argument ]...\n.br\n.B portico help\n.RI [ command ]\n.br\n"
        ".B portico \\-\\-version\n";
    text += ".SH DESCRIPTION\n" + filled(program.about);
    text += ".SH COMMANDS\n";
    for (const Command& command : program.commands) text += command_section(command);
    for (const ManualSection& section : program.manual) {
        text += fmt::format(".SH {}\n{}", section.title, section.text);
    }
    // Writes characters outside ASCII by their troff names, so that any troff shows them.
    std::string named;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const std::string_view rest = std::string_view(text).substr(i);
        if (rest.starts_with("…")) {
            named += "...";
            i += std::string_view("…").size() - 1;
        } else if (rest.starts_with("—")) {
            named += "\\(em";
            i += std::string_view("—").size() - 1;
        } else {
            named += text[i];
        }
    }
    return named;
}

}  // namespace portico::cli
