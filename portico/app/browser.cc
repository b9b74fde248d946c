// portico/app/browser.cc — opens a page in the user's browser.
//
// Room app: see command.h.
#include "portico/app/browser.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <unistd.h>

#include <cstring>

#include "portico/app/notice.h"

namespace portico::app {
namespace {

int spawn_xdg_open(std::string url) {
    posix_spawn_file_actions_t files;
    ::posix_spawn_file_actions_init(&files);
    for (const int descriptor : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
        ::posix_spawn_file_actions_addopen(&files, descriptor, "/dev/null", O_RDWR, 0);
    }
    // The child must not inherit our signal mask and ignored signals: it starts as it would from a shell.
    posix_spawnattr_t attributes;
    ::posix_spawnattr_init(&attributes);
    sigset_t none;
    ::sigemptyset(&none);
    sigset_t to_default;
    ::sigemptyset(&to_default);
    ::sigaddset(&to_default, SIGPIPE);
    ::sigaddset(&to_default, SIGCHLD);
    ::posix_spawnattr_setsigmask(&attributes, &none);
    ::posix_spawnattr_setsigdefault(&attributes, &to_default);
    ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    std::string name = "xdg-open";
    char* const words[] = {name.data(), url.data(), nullptr};
    pid_t child = 0;
    const int failure = ::posix_spawnp(&child, name.c_str(), &files, &attributes, words, ::environ);
    ::posix_spawnattr_destroy(&attributes);
    ::posix_spawn_file_actions_destroy(&files);
    return failure;
}

}  // namespace

std::optional<std::string> why_not_opened(const std::string& url) {
    if (!is_set("DISPLAY") && !is_set("WAYLAND_DISPLAY")) return "no display is available to open a browser";
    // Nothing waits for the child: the kernel must discard its exit status.
    ::signal(SIGCHLD, SIG_IGN);
    const int failure = spawn_xdg_open(url);
    if (failure != 0) return std::string("xdg-open could not be started: ") + std::strerror(failure);
    return std::nullopt;
}

}  // namespace portico::app
