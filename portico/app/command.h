// portico/app/command.h — defines a subcommand as one table. Its parsing, help, completion and manual page all come
// from this table.
//
// Room app: main(), one file per subcommand, signals. Joins everything; nothing may use it.
// May use:   all rooms.
// Threads:   the main one.
//
// A subcommand is one file, `app/NAME.cc`, with one function `Command NAME_command()`, which is declared in commands.h
// and listed in commands.cc. That list shows everything that this program can do: nothing registers itself.
#pragma once

#include <chrono>
#include <cstdint>
#include <expected>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace portico::app {

// What main() returns unless a command gives its exit codes another meaning (`connect` does: see its file).
inline constexpr int exit_ok = 0;
inline constexpr int exit_failure = 1;  // at run time
inline constexpr int exit_misuse = 2;   // the command line is wrong
// The clients add these, with curl's numbers.
inline constexpr int exit_not_resolved = 6;
inline constexpr int exit_not_connected = 7;
inline constexpr int exit_not_written = 23;
inline constexpr int exit_not_read = 26;
inline constexpr int exit_timed_out = 28;
inline constexpr int exit_not_sent = 55;
inline constexpr int exit_not_received = 56;

// The kind of a value. Values are checked while the command line is parsed, so a command only gets valid ones.
// Completion offers matching values.
enum class ValueKind : std::uint8_t {
    text,
    number,     // decimal, within Option::least and Option::most
    duration,   // "3s", "500ms", "2m", "1h"; a bare number is seconds
    endpoint,   // io::parse_endpoint takes it
    choice,     // one of Option::choices
    directory,  // only an empty one is refused
    file,       // the same
    host,       // the same
    command,    // a subcommand's name: for completion
    limit,      // NAME=VALUE as server::set_limit takes it
};

enum class Repeat : std::uint8_t { last_counts, collected };
enum class Presence : std::uint8_t { optional, required };
enum class Negation : std::uint8_t { none, with_no };  // with_no: --list and --no-list, the last one counts
enum class Secrecy : std::uint8_t { none, secret };    // secret: no message repeats the value

struct Option {
    std::string_view name;          // without dashes: "port"
    char letter = '\0';             // the short form: 'p'
    std::string_view value = {};    // what to call the value: "PORT". Empty: the option takes none
    std::string_view meaning = {};  // one sentence without a full stop, at most 60 octets
    ValueKind kind = ValueKind::text;
    Repeat repeat = Repeat::last_counts;
    Negation negation = Negation::none;
    Secrecy secrecy = Secrecy::none;
    std::string_view fallback = {};  // the default value; empty: there is none
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
    Presence presence = Presence::optional;
    Repeat repeat = Repeat::last_counts;
    std::vector<std::string_view> choices = {};
};

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

}  // namespace portico::app
