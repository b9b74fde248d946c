// portico/cli/command.cc — turns words into arguments, as a command's table says.
//
// Room cli: see command.h.
#include "portico/cli/command.h"

#include <fmt/core.h>

#include <algorithm>
#include <cassert>
#include <cstddef>

#include "portico/base/nearest.h"
#include "portico/base/quantity.h"
#include "portico/cli/retype.h"

namespace portico::cli {
namespace {

std::string list_of(std::span<const std::string_view> words) {
    std::string text;
    for (std::size_t i = 0; i < words.size(); ++i) {
        if (i > 0) text += i + 1 == words.size() ? " or " : ", ";
        text += words[i];
    }
    return text;
}

std::optional<std::string> why_no_choice(std::string_view value, std::span<const std::string_view> choices) {
    if (std::ranges::find(choices, value) != choices.end()) return std::nullopt;
    std::string why = fmt::format("'{}' is not {}", value, list_of(choices));
    const auto meant = nearest(value, choices);
    if (meant) why += fmt::format("; did you mean '{}'?", *meant);
    return why;
}

std::optional<std::string> why_no_number(std::string_view value, const Option& option) {
    const auto number = parse_count(value);
    if (number && *number >= option.least && *number <= option.most) return std::nullopt;
    if (option.most == UINT64_MAX) return fmt::format("'{}' is not a number of {} or more", value, option.least);
    return fmt::format("'{}' is not a number from {} to {}", value, option.least, option.most);
}

// Returns what is wrong with an option's value, or nothing if it is valid.
std::optional<std::string> why_refused(const Option& option, std::string_view value) {
    switch (option.kind) {
        case ValueKind::number: return why_no_number(value, option);
        case ValueKind::choice: return why_no_choice(value, option.choices);
        case ValueKind::duration:
            if (parse_duration(value)) return std::nullopt;
            return fmt::format("'{}' is not a time such as 500ms, 3s or 2m", value);
        case ValueKind::notation: return option.notation->why_refused(value);
        case ValueKind::directory:
        case ValueKind::file:
        case ValueKind::host:
            // An empty value usually comes from an unset variable in a script. It does not mean the current folder or
            // every file.
            if (value.empty()) return "the value is empty";
            return std::nullopt;
        case ValueKind::text:
        case ValueKind::command: return std::nullopt;
    }
    return std::nullopt;
}

// Returns every word that may follow two dashes.
std::vector<std::string> long_words(const Command& command) {
    std::vector<std::string> words{"--help"};
    for (const Option& option : command.options) {
        words.push_back("--" + std::string(option.name));
        if (option.negation == Negation::with_no) words.push_back("--no-" + std::string(option.name));
    }
    return words;
}

// Guesses what a value was meant to be. Returns nothing if the option accepts it, or if there is no good guess.
std::optional<std::string> meant_by(const Option& option, std::string_view value) {
    if (option.kind != ValueKind::notation || option.notation->meant_by == nullptr) return std::nullopt;
    if (option.notation->why_refused(value) == std::nullopt) return std::nullopt;
    return option.notation->meant_by(value);
}

// Returns `value` in a form that the option accepts, or the best guess at one.
std::string fitting(const Option& option, std::string_view value) {
    const auto meant = meant_by(option, value);
    if (meant) return shell_quoted(*meant);
    return why_refused(option, value) ? std::string(option.value) : shell_quoted(value);
}

}  // namespace

// Parses the words in one pass.
class CommandLine {
public:
    CommandLine(const Command& command, std::span<const std::string_view> words)
        : command_(command), words_(words), arguments_(command) {}

    Parsed parse();

private:
    using Step = std::expected<void, Misuse>;

    Step take_word(std::string_view word);
    Step take_long(std::string_view word);
    [[nodiscard]] std::unexpected<Misuse> no_such_option(std::string_view written) const;
    [[nodiscard]] std::optional<Misuse> other_name(std::string_view written) const;
    [[nodiscard]] std::string advice_on(const Option& option, std::string_view written, std::string_view value) const;
    Step take_letters(std::string_view word);
    Step take_value(const Option& option, std::string_view written);
    Step store(const Option& option, std::string_view written, std::string_view value);
    Step take_positional(std::string_view word);
    Step check_positionals();
    [[nodiscard]] std::unexpected<Misuse> misuse(std::string message) const {
        return std::unexpected(Misuse{std::move(message), fmt::format("portico {} --help", command_.name)});
    }

    const Command& command_;
    std::span<const std::string_view> words_;
    Arguments arguments_;
    std::size_t at_ = 0;  // index of the next word
    bool options_are_over_ = false;
    bool help_wanted_ = false;
};

Parsed CommandLine::parse() {
    while (at_ < words_.size()) {
        const Step step = take_word(words_[at_++]);
        if (!step) return std::unexpected(step.error());
        if (help_wanted_) return std::nullopt;
    }
    const Step complete = check_positionals();
    if (!complete) return std::unexpected(complete.error());
    return std::move(arguments_);
}

CommandLine::Step CommandLine::take_word(std::string_view word) {
    if (options_are_over_ || word.size() < 2 || word.front() != '-') return take_positional(word);
    if (word == "--") {
        options_are_over_ = true;
        return {};
    }
    return word.starts_with("--") ? take_long(word) : take_letters(word);
}

CommandLine::Step CommandLine::take_long(std::string_view word) {
    const std::size_t equals = word.find('=');
    const std::string_view written = word.substr(0, equals);
    const std::string_view name = written.substr(2);
    if (name == "help") {
        help_wanted_ = true;
        return {};
    }
    for (const Option& option : command_.options) {
        const bool negated =
            option.negation == Negation::with_no && name.starts_with("no-") && name.substr(3) == option.name;
        if (name != option.name && !negated) continue;
        if (option.value.empty() || negated) {
            if (equals != std::string_view::npos) return misuse(fmt::format("{} takes no value", written));
            arguments_.given_.emplace_back(name, std::string_view());
            return {};
        }
        if (equals != std::string_view::npos) return store(option, written, word.substr(equals + 1));
        if (!option.if_alone.empty()) return store(option, written, option.if_alone);
        return take_value(option, written);
    }
    return no_such_option(written);
}

// If `written` is an option of another program: suggests the corrected command line.
std::optional<Misuse> CommandLine::other_name(std::string_view written) const {
    const auto other = std::ranges::find(command_.other_names, written, &OtherName::written);
    if (other == command_.other_names.end()) return std::nullopt;
    const auto option = std::ranges::find(command_.options, other->option, &Option::name);
    const bool is_argument = option == command_.options.end();
    const bool takes_value = is_argument || !option->value.empty();

    // The value follows '=', or is the next word unless that is an option.
    const std::size_t first = at_ - 1;
    std::size_t end = at_;
    std::string value;
    const std::size_t equals = words_[first].find('=');
    if (equals != std::string_view::npos) {
        value = words_[first].substr(equals + 1);
    } else if (takes_value && at_ < words_.size() && !words_[at_].starts_with('-')) {
        value = words_[at_];
        ++end;
    }
    std::string instead = is_argument ? "" : fmt::format("--{}", option->name);
    if (is_argument && !value.empty()) instead = shell_quoted(value);
    if (!is_argument && takes_value) {
        instead += option->if_alone.empty() ? ' ' : '=';
        const bool is_shown = !value.empty() && option->secrecy == Secrecy::none;
        instead += is_shown ? fitting(*option, std::string(other->prefix) + value) : std::string(option->value);
    }
    std::string message = fmt::format("{} has no option '{}'", command_.name, written);
    if (is_argument) {
        message += fmt::format("; {} is an argument", command_.arguments.front().name);
    } else {
        message += fmt::format("; use '--{}'", option->name);
    }
    return Misuse{std::move(message), retyped(command_, words_, first, end, instead)};
}

std::unexpected<Misuse> CommandLine::no_such_option(std::string_view written) const {
    std::optional<Misuse> other = other_name(written);
    if (other) return std::unexpected(*std::move(other));
    std::string message = fmt::format("{} has no option '{}'", command_.name, written);
    if (written == "--version" || written == "-V") return std::unexpected(Misuse{message, "portico --version"});
    const std::vector<std::string> known = long_words(command_);
    const std::vector<std::string_view> candidates(known.begin(), known.end());
    const auto meant = nearest(written, candidates);
    if (meant && written.starts_with("--")) message += fmt::format("; did you mean '{}'?", *meant);
    return misuse(std::move(message));
}

// Suggests what to type instead of a value that was refused.
std::string CommandLine::advice_on(const Option& option, std::string_view written, std::string_view value) const {
    const auto meant = meant_by(option, value);
    if (meant) {
        // The option and its value are one word or two; the last of them has just been taken.
        const std::size_t first = words_[at_ - 1] == value && at_ >= 2 ? at_ - 2 : at_ - 1;
        return retyped(command_, words_, first, at_, fmt::format("{} {}", written, shell_quoted(*meant)));
    }
    const bool is_explained = option.kind == ValueKind::notation && !option.notation->explained_by.empty();
    if (is_explained) return std::string(option.notation->explained_by);
    return fmt::format("portico {} --help", command_.name);
}

// "-q", "-qh", "-p80", "-p 80"
CommandLine::Step CommandLine::take_letters(std::string_view word) {
    for (std::size_t i = 1; i < word.size(); ++i) {
        const char letter = word[i];
        if (letter == 'h') {
            help_wanted_ = true;
            return {};
        }
        const auto option = std::ranges::find(command_.options, letter, &Option::letter);
        if (option == command_.options.end()) return no_such_option(fmt::format("-{}", letter));
        if (option->value.empty()) {
            arguments_.given_.emplace_back(option->name, std::string_view());
            continue;
        }
        const std::string written{'-', letter};
        if (i + 1 < word.size()) return store(*option, written, word.substr(i + 1));
        return take_value(*option, written);
    }
    return {};
}

CommandLine::Step CommandLine::take_value(const Option& option, std::string_view written) {
    if (at_ == words_.size()) return misuse(fmt::format("{0} needs a value: {0} {1}", written, option.value));
    return store(option, written, words_[at_++]);
}

CommandLine::Step CommandLine::store(const Option& option, std::string_view written, std::string_view value) {
    const auto why = why_refused(option, value);
    if (why) return std::unexpected(Misuse{fmt::format("{}: {}", written, *why), advice_on(option, written, value)});
    arguments_.given_.emplace_back(option.name, value);
    return {};
}

CommandLine::Step CommandLine::take_positional(std::string_view word) {
    const auto& table = command_.arguments;
    const std::size_t index = arguments_.positionals_.size();
    const bool last_repeats = !table.empty() && table.back().repeat == Repeat::collected;
    if (index >= table.size() && !last_repeats) {
        if (table.empty()) return misuse(fmt::format("{} takes no arguments, but '{}' was given", command_.name, word));
        return misuse(fmt::format("{} takes {} argument{}, but '{}' was given too", command_.name, table.size(),
                                  table.size() == 1 ? "" : "s", word));
    }
    const Positional& positional = table[std::min(index, table.size() - 1)];
    // An empty word usually comes from an unset variable in a script. It does not mean the current folder.
    if (word.empty()) {
        std::string message = fmt::format("the argument {} is empty", positional.name);
        const bool is_path = positional.kind == ValueKind::directory || positional.kind == ValueKind::file;
        if (!is_path) return misuse(std::move(message));
        return std::unexpected(Misuse{std::move(message), fmt::format("portico {} .", command_.name)});
    }
    const auto why = why_refused(option_like(positional), word);
    if (why) return misuse(fmt::format("{}: {}", positional.name, *why));
    arguments_.positionals_.push_back(word);
    return {};
}

CommandLine::Step CommandLine::check_positionals() {
    const std::size_t index = arguments_.positionals_.size();
    if (index >= command_.arguments.size()) return {};
    const Positional& next = command_.arguments[index];
    if (next.presence == Presence::optional) return {};
    std::string message = fmt::format("{} needs the argument {}: {}", command_.name, next.name, next.meaning);
    if (!next.choices.empty()) message += fmt::format(" ({})", list_of(next.choices));
    return misuse(std::move(message));
}

Option option_like(const Positional& positional) {
    return {.name = positional.name,
            .meaning = {},
            .kind = positional.kind,
            .notation = positional.notation,
            .choices = positional.choices};
}

Parsed parse_arguments(const Command& command, std::span<const std::string_view> words) {
    return CommandLine(command, words).parse();
}

const Option& Arguments::option_named(std::string_view name) const {
    for (const Option& option : command_->options) {
        if (option.name == name) return option;
        if (option.negation == Negation::with_no && name.starts_with("no-") && name.substr(3) == option.name)
            return option;
    }
    assert(false && "a command asks only for options of its own table");
    return command_->options.front();
}

bool Arguments::has(std::string_view name) const {
    const Option& option = option_named(name);
    if (option.negation == Negation::none) return std::ranges::find(given_, name, &Given::first) != given_.end();
    // The last of --list and --no-list counts.
    const auto either = [&](const Given& given) {
        return given.first == option.name || (given.first.starts_with("no-") && given.first.substr(3) == option.name);
    };
    const auto last = std::ranges::find_if(given_.rbegin(), given_.rend(), either);
    return last != given_.rend() && last->first == name;
}

std::vector<std::string_view> Arguments::values(std::string_view name) const {
    const Option& option = option_named(name);
    std::vector<std::string_view> found;
    for (const auto& [given, value] : given_) {
        if (given == name) found.push_back(value);
    }
    if (found.empty() && !option.fallback.empty()) found.push_back(option.fallback);
    return found;
}

std::optional<std::string_view> Arguments::value(std::string_view name) const {
    const std::vector<std::string_view> all = values(name);
    if (all.empty()) return std::nullopt;
    return all.back();
}

std::optional<std::uint64_t> Arguments::number(std::string_view name) const {
    assert(option_named(name).kind == ValueKind::number);
    const auto text = value(name);
    if (!text) return std::nullopt;
    return parse_count(*text);
}

std::optional<std::chrono::milliseconds> Arguments::duration(std::string_view name) const {
    assert(option_named(name).kind == ValueKind::duration);
    const auto text = value(name);
    if (!text) return std::nullopt;
    return parse_duration(*text);
}

std::optional<std::string_view> Arguments::positional(std::size_t index) const {
    if (index >= positionals_.size()) return std::nullopt;
    return positionals_[index];
}

}  // namespace portico::cli
