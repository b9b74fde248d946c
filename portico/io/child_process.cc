// portico/io/child_process.cc — see child_process.h.
#include "portico/io/child_process.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cassert>
#include <cerrno>
#include <utility>

namespace portico::io {
namespace {

constexpr int no_process = -1;

// What the new process changes before its program begins.
class Changes {
public:
    Changes() {
        posix_spawn_file_actions_init(&files_);
        posix_spawnattr_init(&attributes_);
    }
    Changes(const Changes&) = delete;
    Changes& operator=(const Changes&) = delete;
    ~Changes() {
        posix_spawn_file_actions_destroy(&files_);
        posix_spawnattr_destroy(&attributes_);
    }
    // Returns an errno value, or 0.
    int prepare() {
        int failure = posix_spawn_file_actions_addopen(&files_, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
        if (failure == 0) failure = posix_spawn_file_actions_adddup2(&files_, STDERR_FILENO, STDOUT_FILENO);
        // Threads of this program block signals and ignore SIGPIPE; the new program expects neither.
        sigset_t signals;
        sigemptyset(&signals);
        if (failure == 0) failure = posix_spawnattr_setsigmask(&attributes_, &signals);
        sigaddset(&signals, SIGPIPE);
        if (failure == 0) failure = posix_spawnattr_setsigdefault(&attributes_, &signals);
        if (failure == 0) failure = posix_spawnattr_setpgroup(&attributes_, 0);
        constexpr short flags = POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP;
        if (failure == 0) failure = posix_spawnattr_setflags(&attributes_, flags);
        return failure;
    }
    [[nodiscard]] const posix_spawn_file_actions_t* files() const { return &files_; }
    [[nodiscard]] const posix_spawnattr_t* attributes() const { return &attributes_; }

private:
    posix_spawn_file_actions_t files_{};
    posix_spawnattr_t attributes_{};
};

}  // namespace

Result<ChildProcess> ChildProcess::start(const std::vector<std::string>& words) {
    assert(!words.empty());
    Changes changes;
    int failure = changes.prepare();
    if (failure != 0) return fail(failure, "posix_spawn");
    std::vector<char*> arguments;
    for (const std::string& word : words) arguments.push_back(const_cast<char*>(word.c_str()));
    arguments.push_back(nullptr);
    pid_t id = no_process;
    failure =
        ::posix_spawnp(&id, words.front().c_str(), changes.files(), changes.attributes(), arguments.data(), environ);
    if (failure != 0) return fail(failure, "posix_spawn");
    return ChildProcess(id);
}

ChildProcess::ChildProcess(ChildProcess&& other) noexcept
    : id_(std::exchange(other.id_, no_process)), code_(other.code_) {}

ChildProcess& ChildProcess::operator=(ChildProcess&& other) noexcept {
    std::swap(id_, other.id_);
    std::swap(code_, other.code_);
    return *this;
}

ChildProcess::~ChildProcess() {
    if (id_ == no_process || code_) return;
    // The group exists as long as the process has not been waited for.
    ::kill(-id_, SIGKILL);
    while (::waitpid(id_, nullptr, 0) < 0 && errno == EINTR) {
    }
}

std::optional<int> ChildProcess::ended() {
    if (code_) return code_;
    int status = 0;
    const pid_t waited = ::waitpid(id_, &status, WNOHANG);
    if (waited == 0 || (waited < 0 && errno == EINTR)) return std::nullopt;
    code_ = waited > 0 && WIFEXITED(status) ? WEXITSTATUS(status) : 128 + (WIFSIGNALED(status) ? WTERMSIG(status) : 0);
    return code_;
}

}  // namespace portico::io
