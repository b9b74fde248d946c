// portico/app/hash_password.cc — `portico hash-password`.
//
// Room app: see command.h.
#include <fmt/core.h>
#include <termios.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <expected>
#include <string>

#include "portico/app/commands.h"
#include "portico/app/notice.h"
#include "portico/app/terminal_settings.h"
#include "portico/route/password.h"

namespace portico::app {
namespace {

constexpr std::size_t password_octets_max = 511;  // CRYPT_MAX_PASSPHRASE_SIZE of libxcrypt, without the NUL

void hide_typing(termios& settings) {
    settings.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    settings.c_lflag |= ECHONL;
}

// A password that is overwritten in the end. There is room for the longest from the beginning, so that no copy of it is
// left in memory when it grows or moves.
class Password {
public:
    Password() { text_.reserve(password_octets_max + 1); }
    Password(Password&&) noexcept = default;
    Password& operator=(Password&&) = delete;
    ~Password() { route::wipe(text_); }
    [[nodiscard]] std::string& text() { return text_; }

private:
    std::string text_;
};

// One line without its end, octet by octet: standard input stays unbuffered, so that no copy is left in memory.
// Error: why there is none, in words for the user.
std::expected<Password, std::string> read_line_of_stdin() {
    Password password;
    std::string& line = password.text();
    for (;;) {
        char octet = 0;
        const ssize_t got = ::read(STDIN_FILENO, &octet, 1);
        if (got < 0) return std::unexpected(fmt::format("cannot read the password: {}", std::strerror(errno)));
        if (got == 0 || octet == '\n') break;
        line += octet;
        if (line.size() > password_octets_max) {
            return std::unexpected(fmt::format("a password can have at most {} bytes", password_octets_max));
        }
    }
    if (line.ends_with('\r')) line.pop_back();
    return password;
}

// Twice, since nobody sees what is typed.
std::expected<Password, std::string> ask_for_password() {
    const TerminalSettings hidden(hide_typing);
    say_aside("Password: ");
    auto password = read_line_of_stdin();
    if (!password) return password;
    say_aside("Again: ");
    auto again = read_line_of_stdin();
    if (!again) return again;
    if (password->text() != again->text()) return std::unexpected("the two passwords differ");
    return password;
}

int run_hash_password(const Arguments&) {
    auto password = ::isatty(STDIN_FILENO) == 1 ? ask_for_password() : read_line_of_stdin();
    if (!password) return complain(password.error());
    if (password->text().empty())
        return complain("the password is empty", "printf %s PASSWORD | portico hash-password");
    const auto hash = route::hash_password(password->text());
    if (!hash) return complain(fmt::format("cannot hash the password: {}", hash.error()));
    say(*hash + "\n");
    return exit_ok;
}

}  // namespace

Command hash_password_command() {
    return {
        .name = "hash-password",
        .summary = "hash a password for serve --auth",
        .about =
            "Reads a password from standard input, without showing it on a terminal, and prints its hash (yescrypt).\n"
            "The hash contains dollar signs: put it in single quotes on a command line.",
        .examples = {{"portico hash-password", "ask twice, and print the hash"},
                     {"portico serve --auth \"ann:$(portico hash-password)\"", "ask, then serve"},
                     {"printf %s \"$SECRET\" | portico hash-password", "in a script"}},
        .run = run_hash_password,
    };
}

}  // namespace portico::app
