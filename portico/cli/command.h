// portico/cli/command.h — defines a subcommand as one table. Its parsing, help, completion and manual page all come
// from this table.
//
// Room cli: command lines, and what people read about them.
// May use:   base.
// May not:   print, call the kernel, or know what a command does. A value that the program defines, such as an
//            endpoint, is checked by the functions of its Notation.
// Threads:   none. Tables are constants.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace portico::cli {

// The kind of a value. Values are checked while the command line is parsed, so a command only gets valid ones.
// Completion offers matching values.
enum class ValueKind : std::uint8_t {
    text,
    number,     // decimal, within Option::least and Option::most
    duration,   // "3s", "500ms", "2m", "1h"; a bare number is seconds
    choice,     // one of Option::choices
    directory,  // only an empty one is refused
    file,       // the same
    host,       // the same
    command,    // a subcommand's name: for completion
    notation,   // as Option::notation says
};

// A kind of value that the program defines, such as an endpoint. It is a constant that tables point to.
struct Notation {
    // Returns what is wrong with a value, as a sentence for the user, or nothing if it is valid.
    std::optional<std::string> (*why_refused)(std::string_view value) = nullptr;
    // Returns what a refused value was probably meant to be, or nothing if there is no good guess. Null: never guesses.
    std::optional<std::string> (*meant_by)(std::string_view value) = nullptr;
    // What to type to learn more: "portico help limits". Empty: the command's own help.
    std::string_view explained_by = {};
    // Returns the words with which values begin, for completion: "head_time_max=". Null: completion offers nothing.
    std::vector<std::string> (*beginnings)() = nullptr;
};

enum class Repeat : std::uint8_t { last_counts, collected };
enum class Presence : std::uint8_t { optional, required };
enum class Negation : std::uint8_t { none, with_no };  // with_no: --list and --no-list, the last one counts
enum class Secrecy : std::uint8_t { none, secret };    // secret: no message repeats the value
// Where an option is explained. Every option is in the manual page and in completions; the help has to fit a screen.
enum class Explained : std::uint8_t { in_help, in_manual };

struct Option {
    std::string_view name;          // without dashes: "port"
    char letter = '\0';             // the short form: 'p'
    std::string_view value = {};    // what to call the value: "PORT". Empty: the option takes none
    std::string_view meaning = {};  // one sentence without a full stop, at most 60 octets
    ValueKind kind = ValueKind::text;
    const Notation* notation = nullptr;  // only if the kind is `notation`
    Repeat repeat = Repeat::last_counts;
    Negation negation = Negation::none;
    Secrecy secrecy = Secrecy::none;
    Explained explained = Explained::in_help;
    std::string_view fallback = {};  // the default value; empty: there is none
    // The value of an option that is given without one: "--name". Another one must be written "--name=VALUE", for a
    // long option only. Empty: a value must be given.
    std::string_view if_alone = {};
    std::vector<std::string_view> choices = {};
    std::uint64_t least = 0;
    std::uint64_t most = UINT64_MAX;
};

// An option that other programs have, and its counterpart in this program.
struct OtherName {
    std::string_view written;      // "--bind", "-b"
    std::string_view option;       // "listen"; empty: the value is an argument of this program
    std::string_view prefix = {};  // goes before the value: "127.0.0.1:" makes an endpoint of a port
};

// An argument without a name; the last one may be repeated.
struct Positional {
    std::string_view name;          // "DIR"
    std::string_view meaning = {};  // as an option's
    ValueKind kind = ValueKind::text;
    const Notation* notation = nullptr;
    Presence presence = Presence::optional;
    Repeat repeat = Repeat::last_counts;
    std::vector<std::string_view> choices = {};
};

// Returns an option that takes the same values as the argument.
Option option_like(const Positional& positional);

struct Example {
    std::string_view line;          // "portico serve ~/site --lan"
    std::string_view meaning = {};  // "share a folder with the network you are in"
};

class Arguments;

struct Command {
    std::string_view name;        // "serve"
    std::string_view summary;     // one sentence without a full stop, at most 70 octets
    std::string_view about = {};  // for the manual page: paragraphs, separated by an empty line
    std::vector<Example> examples = {};
    std::vector<Positional> arguments = {};
    std::vector<Option> options = {};  // without --help, which every command has
    std::vector<OtherName> other_names = {};
    // Exit codes that only this command has, for the manual page: "6  the name was not found". One for each line.
    std::string_view exit_codes = {};
    int (*run)(const Arguments&) = nullptr;  // returns the exit code
};

// A section of the manual page that is not made from the table of commands.
struct ManualSection {
    std::string_view title;  // "SIGNALS"
    std::string text;        // in man(7) macros
};

// The program, as its help, completion and manual page present it.
struct Program {
    std::string_view version;       // "0.1.0"
    std::string_view version_date;  // "2026-11-21"
    std::string_view summary;       // "the front door of this machine"
    std::string_view purpose;       // for the first line of the manual page: "serve folders and …"
    std::string_view about;         // for the manual page: one paragraph
    std::vector<Example> examples;  // for `portico` without arguments
    std::span<const Command> commands;
    std::vector<std::string_view> topics;  // what `portico help` explains besides the commands
    std::vector<ManualSection> manual;     // the sections after the commands
};

// A command line that fits its command's table. The command and the parsed words outlive it. Asking for an option that
// is not in the table is a bug, and asserted.
class Arguments {
public:
    explicit Arguments(const Command& command) : command_(&command) {}

    // Returns whether the option was given; a fallback does not count. For the negation: has("no-list").
    [[nodiscard]] bool has(std::string_view option) const;
    // Returns the last value given, or the fallback, or nothing.
    [[nodiscard]] std::optional<std::string_view> value(std::string_view option) const;
    // Returns all values in the order given. If there are none, returns the fallback, if any.
    [[nodiscard]] std::vector<std::string_view> values(std::string_view option) const;
    // Returns value() of an option whose kind is number or duration.
    [[nodiscard]] std::optional<std::uint64_t> number(std::string_view option) const;
    [[nodiscard]] std::optional<std::chrono::milliseconds> duration(std::string_view option) const;

    // Returns the arguments without a name, in the order given.
    [[nodiscard]] std::span<const std::string_view> positionals() const { return positionals_; }
    [[nodiscard]] std::optional<std::string_view> positional(std::size_t index) const;
    [[nodiscard]] const Command& command() const { return *command_; }

    // Returns every named option as it was given (including "no-list"), with its value.
    using Given = std::pair<std::string_view, std::string_view>;
    [[nodiscard]] const std::vector<Given>& given() const { return given_; }

private:
    friend class CommandLine;
    [[nodiscard]] const Option& option_named(std::string_view name) const;

    const Command* command_;
    std::vector<Given> given_;
    std::vector<std::string_view> positionals_;
};

// Why a command line does not fit: what is wrong, and what to type instead.
struct Misuse {
    std::string message;
    std::string advice;
};

// Nothing if the user asked for help (--help).
using Parsed = std::expected<std::optional<Arguments>, Misuse>;

// Parses the words after the subcommand's name. Takes `-p 80`, `-p80`, `--port 80`, `--port=80` and `-qh`. Words after
// `--` are arguments, even if they look like options. A lone `-` is an argument.
Parsed parse_arguments(const Command& command, std::span<const std::string_view> words);

}  // namespace portico::cli
