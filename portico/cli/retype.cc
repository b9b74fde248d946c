// portico/cli/retype.cc — see retype.h.
//
// Room cli: see command.h.
#include "portico/cli/retype.h"

#include <fmt/core.h>

#include <algorithm>

namespace portico::cli {
namespace {

// Returns the option that `word` names as "--name" or "--name=value" if its value is secret.
const Option* secret_named(const Command& command, std::string_view word) {
    if (!word.starts_with("--")) return nullptr;
    const std::string_view name = word.substr(2, word.find('=') - 2);
    const auto found = std::ranges::find_if(command.options, [name](const Option& option) {
        return option.secrecy == Secrecy::secret && option.name == name;
    });
    return found == command.options.end() ? nullptr : &*found;
}

std::string shown_value(const Command& command, std::string_view name, std::string_view value) {
    const Option* const secret = secret_named(command, "--" + std::string(name));
    return secret != nullptr ? std::string(secret->value) : shell_quoted(value);
}

}  // namespace

std::string shell_quoted(std::string_view word) {
    const auto is_plain = [](char octet) {
        const bool letter = (octet >= 'a' && octet <= 'z') || (octet >= 'A' && octet <= 'Z');
        return letter || (octet >= '0' && octet <= '9') ||
               std::string_view("%+,-./:=@_").find(octet) != std::string_view::npos;
    };
    if (!word.empty() && std::ranges::all_of(word, is_plain)) return std::string(word);
    std::string quoted = "'";
    for (const char octet : word) {
        if (octet == '\'')
            quoted += "'\\''";
        else
            quoted += octet;
    }
    return quoted + "'";
}

std::string retyped(const Arguments& arguments, std::span<const std::string_view> left_out, std::string_view instead) {
    const Command& command = arguments.command();
    std::string line = fmt::format("portico {}", command.name);
    for (const std::string_view word : arguments.positionals()) {
        line += fmt::format(" {}{}", word.starts_with('-') ? "./" : "", shell_quoted(word));
    }
    for (const auto& [name, value] : arguments.given()) {
        if (std::ranges::find(left_out, name) != left_out.end()) continue;
        line += fmt::format(" --{}", name);
        if (value.empty()) continue;
        const auto option = std::ranges::find(command.options, name, &Option::name);
        const bool is_joined = option != command.options.end() && !option->if_alone.empty();
        line += (is_joined ? "=" : " ") + shown_value(command, name, value);
    }
    return fmt::format("{} {}", line, instead);
}

std::string retyped(const Command& command, std::span<const std::string_view> words, std::size_t first, std::size_t end,
                    std::string_view instead) {
    std::string line = fmt::format("portico {}", command.name);
    for (std::size_t i = 0; i < words.size(); ++i) {
        if (i == first && !instead.empty()) line += fmt::format(" {}", instead);
        if (i >= first && i < end) continue;
        const Option* const secret = secret_named(command, words[i]);
        if (secret == nullptr) {
            line += " " + shell_quoted(words[i]);
            continue;
        }
        line += fmt::format(" --{} {}", secret->name, secret->value);
        if (words[i].find('=') == std::string_view::npos) ++i;  // skips its value
    }
    return line;
}

}  // namespace portico::cli
