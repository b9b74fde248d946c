// portico/app/terminal_settings.cc — see terminal_settings.h.
//
// The handlers call only functions that are safe in a handler: tcsetattr, tcgetpgrp, sigaction, raise
// (signal-safety(7)).
//
// Room app: see command.h.
#include "portico/app/terminal_settings.h"

#include <signal.h>
#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cassert>
#include <cerrno>
#include <cstddef>

namespace portico::app {
namespace {

// Every signal number is below this.
constexpr std::size_t signals_end = NSIG;

// Signals that end the process or stop it from a terminal, and the one after which it goes on; not those that are
// ignored unless a program asks for them, nor those of a process that touches the terminal from the background, nor
// those that can't be handled.
bool is_handled(int signal) {
    constexpr std::array others{SIGKILL, SIGSTOP, SIGCHLD, SIGURG, SIGWINCH, SIGTTIN, SIGTTOU};
    return std::ranges::find(others, signal) == others.end();
}

// The state that the handlers need. It is written while they are not installed.
termios before;
termios changed;
std::array<struct sigaction, signals_end> actions_before;
bool is_in_use = false;

void handle(int signal);

void install(int signal, struct sigaction* old) {
    struct sigaction action{};
    action.sa_handler = handle;
    action.sa_flags = SA_RESTART;
    ::sigfillset(&action.sa_mask);
    ::sigaction(signal, &action, old);
}

// Does to the process what the signal does without a handler.
void let_it_happen(int signal) {
    struct sigaction standard{};
    standard.sa_handler = SIG_DFL;
    ::sigaction(signal, &standard, nullptr);
    sigset_t unblocked;
    ::sigemptyset(&unblocked);
    ::sigaddset(&unblocked, signal);
    ::raise(signal);
    ::pthread_sigmask(SIG_UNBLOCK, &unblocked, nullptr);  // here the process ends, or stops and later continues
}

void handle(int signal) {
    const int errno_before = errno;
    if (signal != SIGCONT) {
        ::tcsetattr(STDIN_FILENO, TCSANOW, &before);
        let_it_happen(signal);
        install(signal, nullptr);  // it was SIGTSTP, and the process has continued
    }
    // In the background, another process group is using the terminal.
    if (::tcgetpgrp(STDIN_FILENO) == ::getpgrp()) ::tcsetattr(STDIN_FILENO, TCSANOW, &changed);
    errno = errno_before;
}

}  // namespace

TerminalSettings::TerminalSettings(void (*change)(termios& settings)) {
    assert(!is_in_use && "one at a time");
    if (::tcgetattr(STDIN_FILENO, &before) != 0) return;
    changed = before;
    change(changed);
    is_in_use = true;
    for (std::size_t i = 1; i < signals_end; ++i) {
        const int signal = static_cast<int>(i);
        // The C library keeps two for itself. A signal that is ignored, as with nohup, stays ignored.
        if (!is_handled(signal) || ::sigaction(signal, nullptr, &actions_before[i]) != 0) continue;
        if (actions_before[i].sa_handler == SIG_DFL) install(signal, nullptr);
    }
    ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &changed);
    is_changed_ = true;
}

TerminalSettings::~TerminalSettings() {
    if (!is_changed_) return;
    ::tcsetattr(STDIN_FILENO, TCSANOW, &before);
    for (std::size_t i = 1; i < signals_end; ++i) {
        if (is_handled(static_cast<int>(i))) ::sigaction(static_cast<int>(i), &actions_before[i], nullptr);
    }
    is_in_use = false;
}

}  // namespace portico::app
