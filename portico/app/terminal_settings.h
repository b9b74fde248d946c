// portico/app/terminal_settings.h — changes a terminal's settings for a while, and always restores them.
//
// Room app: see command.h.
// Threads:   the main thread only.
#pragma once

struct termios;

namespace portico::app {

// Changes how the terminal on standard input behaves, until it is destroyed or the process ends. A signal that ends the
// process (SIGINT, SIGTERM, SIGHUP, SIGQUIT) restores the terminal first and then does what it always does. SIGTSTP
// restores it while the process is stopped; SIGCONT changes it again. One at a time (asserted).
class TerminalSettings {
public:
    // `change` receives the current settings and modifies them. Nothing happens if standard input is not a terminal.
    explicit TerminalSettings(void (*change)(termios& settings));
    TerminalSettings(const TerminalSettings&) = delete;
    TerminalSettings& operator=(const TerminalSettings&) = delete;
    ~TerminalSettings();

private:
    bool is_changed_ = false;
};

}  // namespace portico::app
