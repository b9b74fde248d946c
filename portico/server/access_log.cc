// portico/server/access_log.cc — see access_log.h.
//
// This is the only place outside room io that calls the kernel: the writer's thread belongs to no core, and may wait
// for a disk.
//
// The writer sleeps while all rings are empty. The core that then records an entry wakes it, at the cost of a system
// call. After that, the writer wakes by itself every `pass_period`, until it finds no entry: under load, no core ever
// wakes it.
#include "portico/server/access_log.h"

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cassert>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <optional>
#include <system_error>
#include <thread>
#include <vector>

#include "portico/io/descriptors.h"
#include "portico/io/thread.h"
#include "portico/server/access_line.h"
#include "portico/server/access_ring.h"

namespace portico::server {
namespace {

using std::chrono::milliseconds;
using SteadyTime = std::chrono::steady_clock::time_point;

constexpr milliseconds pass_period{20};
constexpr milliseconds report_period{1'000};
// How long a reader that does not read (a stopped pager) may delay the program's end.
constexpr milliseconds ending_time_max{1'000};
constexpr std::size_t batch_octets = 64 * 1024;
// If a pipe polls as writable, up to this many octets can be written without waiting (PIPE_BUF, pipe(7)).
constexpr std::size_t pipe_octets = 4096;

std::string advice(int failure, const std::string& path) {
    switch (failure) {
        case ENOENT: return "its folder does not exist: create it, or choose another file";
        case EACCES:
        case EPERM:
        case EROFS: return "choose a file that this user may write";
        case EISDIR: return "it is a folder: choose a file in it, such as " + path + "/access.log";
        case ENXIO: return "it is a pipe without a reader: start the reader first";
        default: return "choose another file";
    }
}

// The file or pipe that the lines are written to.
class Sink {
public:
    // Opens `path`, or standard output if it is empty. Returns an errno value on failure, and keeps the open file.
    int open(const std::string& path) {
        // O_NONBLOCK: opening a pipe that has no reader fails instead of waiting for one.
        constexpr int flags = O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK;
        std::optional<Fd> opened =
            io::owned(path.empty() ? ::fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3) : ::open(path.c_str(), flags, 0640));
        struct stat status{};
        if (!opened || ::fstat(opened->number(), &status) != 0) return errno;
        fd_ = std::move(opened);
        is_file_ = S_ISREG(status.st_mode);
        return 0;
    }

    [[nodiscard]] int number() const { return fd_->number(); }
    // Returns the part of `octets` to write at once: to a file, all of it; elsewhere, whole lines that need no waiting.
    [[nodiscard]] std::string_view portion(std::string_view octets) const {
        if (is_file_ || octets.size() <= pipe_octets) return octets;
        const std::size_t newline = octets.rfind('\n', pipe_octets - 1);
        return octets.substr(0, newline == std::string_view::npos ? pipe_octets : newline + 1);
    }
    [[nodiscard]] bool may_block() const { return !is_file_; }

private:
    std::optional<Fd> fd_;  // none before open()
    bool is_file_ = false;
};

}  // namespace

struct AccessLog::Impl {
    Impl(const AccessLogOptions& the_options, unsigned cores)
        : options(the_options),
          line(the_options.format, the_options.colour,
               the_options.path.empty() ? LineDate::omitted : LineDate::written),
          bell(io::owned(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK))) {
        const bool is_text = options.format == LogFormat::text;
        const AccessStrings strings{.user = !is_text,
                                    .referer = !is_text,
                                    .user_agent = !is_text,
                                    .reason = options.format != LogFormat::combined};
        for (unsigned core = 0; core < cores; ++core) rings.push_back(std::make_unique<AccessRing>(strings));
    }

    // --- any thread
    void ring_bell() const {
        const std::uint64_t one = 1;
        // This fails only if the bell has been rung 2^64 times unheard, and then the writer is awake in any case.
        [[maybe_unused]] const auto written = ::write(bell->number(), &one, sizeof one);
    }
    [[nodiscard]] std::uint64_t dropped() const {
        std::uint64_t sum = lost_in_writing.load(std::memory_order_relaxed);
        for (const auto& ring : rings) sum += ring->dropped();
        return sum;
    }

    // --- the writer's thread
    void run();
    [[nodiscard]] bool drain();
    void flush();
    void pass_on(std::string_view lines) const;
    void lose_batch(int failure, std::string_view unwritten);
    // Returns false if the time for ending is over.
    [[nodiscard]] bool wait_until_writable();
    void wait_for_entries(bool found_some);
    void report();
    void say(const std::string& text) const;
    void do_reopen();
    [[nodiscard]] std::string name() const {
        if (options.lines) return "the program";
        return options.path.empty() ? "standard output" : options.path;
    }

    const AccessLogOptions options;
    AccessLineWriter line;
    std::optional<Fd> bell;  // an eventfd: wakes the writer
    Sink sink;
    std::vector<std::unique_ptr<AccessRing>> rings;  // one for each core
    std::vector<char> batch = std::vector<char>(batch_octets);
    std::size_t batch_filled = 0;
    int last_failure = 0;    // errno of the write that failed last; 0: the last one succeeded
    bool line_torn = false;  // a failed write left the beginning of a line
    std::uint64_t reported_drops = 0;
    SteadyTime reported_at{};
    SteadyTime ending_until = SteadyTime::max();

    std::atomic<bool> asleep = false;
    std::atomic<bool> ending = false;
    std::atomic<bool> reopening = false;
    std::atomic<std::uint64_t> lost_in_writing = 0;  // entries
    std::thread writer;
};

void AccessLog::Impl::run() {
    ::pthread_setname_np(::pthread_self(), "access log");
    for (;;) {
        // Both are read before the rings are, so an entry that was recorded before the caller's request is written
        // first.
        const bool last_pass = ending.load();
        const bool reopen_after = reopening.exchange(false);
        const bool found_some = drain();
        flush();
        if (reopen_after) do_reopen();
        report();
        if (last_pass) return;
        wait_for_entries(found_some);
    }
}

bool AccessLog::Impl::drain() {
    bool found_some = false;
    for (const auto& ring : rings) {
        ring->arrive();
        while (const AccessEntry* const entry = ring->front()) {
            found_some = true;
            const std::size_t needed = AccessLineWriter::octets_at_most(*entry);
            if (batch.size() - batch_filled < needed) flush();
            if (batch.size() < needed) batch.resize(needed);
            batch_filled += line.write(*entry, std::span(batch).subspan(batch_filled));
            ring->pop();
        }
    }
    return found_some;
}

void AccessLog::Impl::flush() {
    std::string_view left(batch.data(), batch_filled);
    batch_filled = 0;
    if (options.lines) return pass_on(left);
    if (!left.empty() && line_torn && ::write(sink.number(), "\n", 1) == 1) line_torn = false;
    while (!left.empty()) {
        if (sink.may_block() && !wait_until_writable()) return lose_batch(EAGAIN, left);
        const std::string_view portion = sink.portion(left);
        const ssize_t written = ::write(sink.number(), portion.data(), portion.size());
        if (written >= 0) {
            left.remove_prefix(static_cast<std::size_t>(written));
            line_torn = written > 0 && portion[static_cast<std::size_t>(written) - 1] != '\n';
        } else if (errno != EINTR && errno != EAGAIN) {
            return lose_batch(errno, left);
        }
        if (left.empty() && last_failure != 0) {
            say("access log: " + name() + " can be written again; " + std::to_string(dropped()) +
                " entries were dropped so far");
            last_failure = 0;
            reported_drops = dropped();
        }
    }
}

// Each line has its end.
void AccessLog::Impl::pass_on(std::string_view lines) const {
    while (!lines.empty()) {
        const std::size_t end = lines.find('\n');
        options.lines(lines.substr(0, end));
        lines.remove_prefix(end + 1);
    }
}

void AccessLog::Impl::lose_batch(int failure, std::string_view unwritten) {
    const auto entries = std::count(unwritten.begin(), unwritten.end(), '\n');
    lost_in_writing.store(lost_in_writing.load(std::memory_order_relaxed) + static_cast<std::uint64_t>(entries),
                          std::memory_order_relaxed);
    if (last_failure == failure) return;
    last_failure = failure;
    const std::string why = failure == EAGAIN ? "it has no reader" : std::generic_category().message(failure);
    say("access log: " + name() + " can't be written: " + why + "; entries are dropped until it can");
}

bool AccessLog::Impl::wait_until_writable() {
    for (;;) {
        pollfd fds[2] = {{.fd = sink.number(), .events = POLLOUT, .revents = 0},
                         {.fd = bell->number(), .events = POLLIN, .revents = 0}};
        int timeout = -1;
        if (ending.load()) {
            const SteadyTime now = std::chrono::steady_clock::now();
            ending_until = std::min(ending_until, now + ending_time_max);
            timeout = static_cast<int>(std::chrono::duration_cast<milliseconds>(ending_until - now).count());
            if (timeout < 0) return false;
        }
        const int ready = ::poll(fds, timeout < 0 ? 2 : 1, timeout);
        if (fds[0].revents != 0) return true;
        if (ready == 0) return false;
        std::uint64_t rung = 0;
        [[maybe_unused]] const auto heard = ::read(bell->number(), &rung, sizeof rung);
    }
}

void AccessLog::Impl::wait_for_entries(bool found_some) {
    const bool drops_unreported = dropped() != reported_drops;
    int timeout = found_some ? static_cast<int>(pass_period.count())
                             : (drops_unreported ? static_cast<int>(report_period.count()) : -1);
    if (!found_some) {
        asleep.store(true);
        const auto is_empty = [](const auto& ring) { return ring->is_empty(); };
        if (!std::all_of(rings.begin(), rings.end(), is_empty) || ending.load() || reopening.load()) timeout = 0;
    }
    pollfd fds[1] = {{.fd = bell->number(), .events = POLLIN, .revents = 0}};
    ::poll(fds, 1, timeout);
    asleep.store(false);
    std::uint64_t rung = 0;
    [[maybe_unused]] const auto heard = ::read(bell->number(), &rung, sizeof rung);
}

void AccessLog::Impl::report() {
    const std::uint64_t drops = dropped();
    if (drops == reported_drops || last_failure != 0) return;
    const SteadyTime now = std::chrono::steady_clock::now();
    if (now - reported_at < report_period && !ending.load()) return;
    say("access log: " + std::to_string(drops - reported_drops) + " entries dropped: requests came faster than " +
        name() + " accepted lines");
    reported_at = now;
    reported_drops = drops;
}

void AccessLog::Impl::say(const std::string& text) const {
    if (options.tell) return options.tell(text);
    // If nothing reads standard error, that must not delay the log.
    pollfd fds[1] = {{.fd = STDERR_FILENO, .events = POLLOUT, .revents = 0}};
    if (::poll(fds, 1, 0) != 1 || (fds[0].revents & POLLOUT) == 0) return;
    const std::string output = "portico: " + text + "\n";
    [[maybe_unused]] const auto written = ::write(STDERR_FILENO, output.data(), output.size());
}

void AccessLog::Impl::do_reopen() {
    if (options.path.empty()) return;
    const int failure = sink.open(options.path);
    if (failure != 0) {
        say("access log: " + options.path + " can't be opened again: " + std::generic_category().message(failure) +
            "; lines still go to the old file");
        return;
    }
    line_torn = false;
}

std::expected<std::unique_ptr<AccessLog>, std::string> AccessLog::open(const AccessLogOptions& options,
                                                                       unsigned cores) {
    auto impl = std::make_unique<Impl>(options, cores);
    if (options.format == LogFormat::off) return std::unique_ptr<AccessLog>(new AccessLog(std::move(impl)));
    const std::string cause = "can't open the access log " + impl->name() + ": ";
    int failure = impl->bell ? 0 : EMFILE;
    if (failure == 0 && !options.lines) failure = impl->sink.open(options.path);
    if (failure != 0) {
        return std::unexpected(cause + std::generic_category().message(failure) + "; " + advice(failure, options.path));
    }
    auto thread = io::start_thread([own = impl.get()] { own->run(); });
    if (!thread) return std::unexpected("cannot start the access log's thread: " + io::describe(thread.error()));
    impl->writer = *std::move(thread);
    return std::unique_ptr<AccessLog>(new AccessLog(std::move(impl)));
}

AccessLog::AccessLog(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

AccessLog::~AccessLog() {
    if (!impl_->writer.joinable()) return;
    impl_->ending.store(true);
    impl_->ring_bell();
    impl_->writer.join();
}

bool AccessLog::is_off() const { return impl_->options.format == LogFormat::off; }

void AccessLog::record(unsigned core, const AccessEntry& entry) {
    if (is_off()) return;
    assert(core < impl_->rings.size());
    const AccessRing::Pushed pushed = impl_->rings[core]->push(entry);
    const bool asleep = impl_->asleep.load();
    if (pushed == AccessRing::Pushed::past_half || (asleep && impl_->asleep.exchange(false))) impl_->ring_bell();
}

void AccessLog::reopen() {
    if (is_off()) return;
    impl_->reopening.store(true);
    impl_->ring_bell();
}

std::uint64_t AccessLog::dropped() const { return impl_->dropped(); }

}  // namespace portico::server
