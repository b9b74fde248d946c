// portico/cli/completion_script.cc — the command table as completion scripts for shells.
//
// Room cli: see command.h.
#include "portico/cli/completion_script.h"

#include <fmt/core.h>

#include <span>
#include <string_view>
#include <vector>

namespace portico::cli {
namespace {

using Words = std::vector<std::string>;

std::string joined(const Words& words) {
    std::string text;
    for (const std::string& word : words) text += (text.empty() ? "" : " ") + word;
    return text;
}

Words names_of(std::span<const Command> commands) {
    Words words;
    for (const Command& command : commands) words.emplace_back(command.name);
    return words;
}

Words choices_of(std::span<const std::string_view> choices) { return {choices.begin(), choices.end()}; }

// Returns what `portico help` explains.
Words topics_of(const Program& program) {
    Words words = names_of(program.commands);
    words.insert(words.end(), program.topics.begin(), program.topics.end());
    return words;
}

// Returns the words with which values of the option's notation begin.
Words beginnings_of(const Option& option) {
    return option.notation->beginnings == nullptr ? Words() : option.notation->beginnings();
}

// The forms in which an option is written, "-p" and "--port".
Words forms_of(const Option& option) {
    Words words{"--" + std::string(option.name)};
    if (option.letter != '\0') words.push_back(std::string{'-', option.letter});
    return words;
}

Words every_form(const Command& command) {
    Words words;
    for (const Option& option : command.options) {
        words.push_back("--" + std::string(option.name));
        if (option.negation == Negation::with_no) words.push_back("--no-" + std::string(option.name));
    }
    words.emplace_back("--help");
    return words;
}

// --- bash

// Returns the bash statement that completes a value.
std::string bash_values(const Option& option, const Program& program) {
    switch (option.kind) {
        case ValueKind::choice: return fmt::format("_portico_words '{}'", joined(choices_of(option.choices)));
        case ValueKind::directory: return "_portico_files -d";
        case ValueKind::file: return "_portico_files -f";
        case ValueKind::host: return "COMPREPLY=($(compgen -A hostname -- \"$cur\"))";
        case ValueKind::command: return fmt::format("_portico_words '{}'", joined(topics_of(program)));
        case ValueKind::notation: {
            const Words beginnings = beginnings_of(option);
            if (beginnings.empty()) return ":";
            return fmt::format("_portico_words '{}'; compopt -o nospace", joined(beginnings));
        }
        case ValueKind::text:
        case ValueKind::number:
        case ValueKind::duration: return ":";
    }
    return ":";
}

std::string bash_case(const Command& command, const Program& program) {
    std::string text = fmt::format("    {})\n        case $prev in\n", command.name);
    for (const Option& option : command.options) {
        if (option.value.empty() || !option.if_alone.empty()) continue;
        std::string forms;
        for (const std::string& form : forms_of(option)) forms += (forms.empty() ? "" : "|") + form;
        text += fmt::format("        {}) {}; return ;;\n", forms, bash_values(option, program));
    }
    text += "        esac\n";
    text += fmt::format("        if [[ $cur == -* ]]; then _portico_words '{}'\n", joined(every_form(command)));
    if (!command.arguments.empty()) {
        text += fmt::format("        else {}\n", bash_values(option_like(command.arguments.front()), program));
    }
    return text + "        fi ;;\n";
}

// --- zsh

// For text inside '…' in a specification: a quotation mark ends the word, brackets end the meaning, and a colon
// separates fields.
std::string zsh_escaped(std::string_view text) {
    std::string out;
    for (const char octet : text) {
        if (octet == '\'') {
            out += "'\\''";
            continue;
        }
        if (octet == '[' || octet == ']' || octet == ':' || octet == '\\') out += '\\';
        out += octet;
    }
    return out;
}

std::string zsh_values(const Option& option, const Program& program) {
    switch (option.kind) {
        case ValueKind::choice: return fmt::format("({})", joined(choices_of(option.choices)));
        case ValueKind::directory: return "_files -/";
        case ValueKind::file: return "_files";
        case ValueKind::host: return "_hosts";
        case ValueKind::command: return fmt::format("({})", joined(topics_of(program)));
        case ValueKind::notation: {
            const Words beginnings = beginnings_of(option);
            if (beginnings.empty()) return " ";
            return fmt::format("compadd -S \"\" -- {}", joined(beginnings));
        }
        case ValueKind::text:
        case ValueKind::number:
        case ValueKind::duration: return " ";
    }
    return " ";
}

std::string zsh_option(const Option& option, const Program& program) {
    std::string value;
    if (!option.value.empty()) {
        const std::string_view colons = option.if_alone.empty() ? ":" : "::";
        value = fmt::format("{}{}:{}", colons, zsh_escaped(option.value), zsh_values(option, program));
    }
    const std::string_view equals = option.value.empty() ? "" : option.if_alone.empty() ? "=" : "=-";
    const std::string star = option.repeat == Repeat::collected ? "*" : "";
    std::string text;
    if (option.letter != '\0') {
        text += fmt::format("            '{}-{}[{}]{}' \\\n", star, option.letter, zsh_escaped(option.meaning), value);
    }
    text +=
        fmt::format("            '{}--{}{}[{}]{}' \\\n", star, option.name, equals, zsh_escaped(option.meaning), value);
    if (option.negation == Negation::with_no) {
        text += fmt::format("            '--no-{}[not\\: {}]' \\\n", option.name, zsh_escaped(option.meaning));
    }
    return text;
}

std::string zsh_case(const Command& command, const Program& program) {
    std::string text = fmt::format("        ({})\n            _arguments -s -S \\\n", command.name);
    for (const Option& option : command.options) text += zsh_option(option, program);
    for (const Positional& positional : command.arguments) {
        const std::string_view place = positional.repeat == Repeat::collected ? "*" : "";
        const std::string_view optional = positional.presence == Presence::optional && place.empty() ? ":" : "";
        text += fmt::format("            '{}:{}{}:{}' \\\n", place, optional, zsh_escaped(positional.name),
                            zsh_values(option_like(positional), program));
    }
    return text + "            '(-h --help)'{-h,--help}'[help]' ;;\n";
}

// --- fish

std::string fish_quoted(std::string_view text) {
    std::string out = "'";
    for (const char octet : text) {
        if (octet == '\'' || octet == '\\') out += '\\';
        out += octet;
    }
    return out + "'";
}

std::string fish_values(const Option& option, const Program& program) {
    switch (option.kind) {
        case ValueKind::choice: return fmt::format("-x -a '{}'", joined(choices_of(option.choices)));
        case ValueKind::directory: return "-x -a '(__fish_complete_directories)'";
        case ValueKind::file: return "-r -F";
        case ValueKind::host: return "-x -a '(__fish_print_hostnames)'";
        case ValueKind::command: return fmt::format("-x -a '{}'", joined(topics_of(program)));
        case ValueKind::notation: {
            const Words beginnings = beginnings_of(option);
            if (beginnings.empty()) return "-x";
            return fmt::format("-x -a '{}'", joined(beginnings));
        }
        case ValueKind::text:
        case ValueKind::number:
        case ValueKind::duration: return "-x";
    }
    return "-x";
}

std::string fish_command(const Command& command, const Program& program) {
    std::string text = fmt::format("complete -c portico -n __fish_use_subcommand -a {} -d {}\n", command.name,
                                   fish_quoted(command.summary));
    const std::string when = fmt::format("complete -c portico -n '__fish_seen_subcommand_from {}'", command.name);
    for (const Option& option : command.options) {
        text += when;
        if (option.letter != '\0') text += fmt::format(" -s {}", option.letter);
        text += fmt::format(" -l {} -d {}", option.name, fish_quoted(option.meaning));
        if (!option.value.empty() && option.if_alone.empty()) text += " " + fish_values(option, program);
        text += "\n";
        if (option.negation == Negation::with_no) {
            text += fmt::format("{} -l no-{} -d {}\n", when, option.name,
                                fish_quoted(fmt::format("not: {}", option.meaning)));
        }
    }
    for (const Positional& positional : command.arguments) {
        const std::string values = fish_values(option_like(positional), program);
        if (values == "-r -F") text += fmt::format("{} -F\n", when);
        if (values.starts_with("-x -a")) text += fmt::format("{} {}\n", when, values);
    }
    return text;
}

}  // namespace

std::string bash_completion(const Program& program) {
    std::string text = R"(# bash completion for portico, from `portico completion bash`
_portico_words() { COMPREPLY=($(compgen -W "$1" -- "$cur")); }
_portico_files() {
    compopt -o filenames
    local IFS=$'\n'
    COMPREPLY=($(compgen "$1" -- "$cur"))
}
_portico() {
    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} command= i
    COMPREPLY=()
    # --option=value comes as three words
    if [[ $cur == '=' ]]; then
        cur=
    elif [[ $prev == '=' ]]; then
        prev=${COMP_WORDS[COMP_CWORD-2]}
    fi
    for ((i = 1; i < COMP_CWORD; i++)); do
        if [[ ${COMP_WORDS[i]} != -* ]]; then command=${COMP_WORDS[i]}; break; fi
    done
    case $command in
)";
    text += fmt::format("    '') _portico_words '{} --help --version' ;;\n", joined(names_of(program.commands)));
    for (const Command& command : program.commands) text += bash_case(command, program);
    return text + "    esac\n}\ncomplete -F _portico portico\n";
}

std::string zsh_completion(const Program& program) {
    std::string text = R"(#compdef portico
# zsh completion for portico, from `portico completion zsh`
_portico() {
    local line state
    local -a portico_commands
    _arguments -C '(- *)'{-h,--help}'[help]' '(- *)'{-V,--version}'[print the version]' '1:command:->command' '*::argument:->argument'
    case $state in
    (command)
        portico_commands=(
)";
    for (const Command& command : program.commands) {
        text += fmt::format("            '{}:{}'\n", command.name, zsh_escaped(command.summary));
    }
    text += "        )\n        _describe command portico_commands ;;\n    (argument)\n        case $line[1] in\n";
    for (const Command& command : program.commands) text += zsh_case(command, program);
    return text + R"(        esac ;;
    esac
}
if [[ $funcstack[1] == _portico ]]; then _portico "$@"; else compdef _portico portico; fi
)";
}

std::string fish_completion(const Program& program) {
    std::string text =
        "# fish completion for portico, from `portico completion fish`\n"
        "complete -c portico -f\n"
        "complete -c portico -n __fish_use_subcommand -s V -l version -d 'print the version'\n"
        "complete -c portico -s h -l help -d 'help'\n";
    for (const Command& command : program.commands) text += fish_command(command, program);
    return text;
}

}  // namespace portico::cli
