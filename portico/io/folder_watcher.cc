// portico/io/folder_watcher.cc — see folder_watcher.h.
#include "portico/io/folder_watcher.h"

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <deque>
#include <thread>
#include <utility>

#include "portico/io/file_system.h"
#include "portico/io/thread.h"

namespace portico::io {
namespace {

// A file that was written without being closed (truncate(2), a log) is reported as well as one that was closed.
constexpr std::uint32_t events_of_names = IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO;
constexpr std::uint32_t events_of_content = IN_MODIFY | IN_CLOSE_WRITE;
constexpr std::uint32_t watched_events = events_of_names | events_of_content | IN_ONLYDIR | IN_EXCL_UNLINK;

std::string join(const std::string& folder, std::string_view name) {
    std::string path = folder;
    if (!path.empty()) path += '/';
    path += name;
    return path;
}

bool is_folder(DIR* stream, const dirent& entry) {
    if (entry.d_type != DT_UNKNOWN) return entry.d_type == DT_DIR;
    struct stat status;
    return ::fstatat(::dirfd(stream), entry.d_name, &status, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(status.st_mode);
}

// The names of the folders in a folder; none if it can't be read.
std::vector<std::string> folders_in(const std::string& path) {
    std::vector<std::string> names;
    DIR* const stream = ::opendir(path.c_str());
    if (stream == nullptr) return names;
    while (const dirent* const entry = ::readdir(stream)) {
        const std::string_view name = entry->d_name;
        if (name != "." && name != ".." && is_folder(stream, *entry)) names.emplace_back(name);
    }
    ::closedir(stream);
    return names;
}

}  // namespace

void ChangeGathering::note_time(TimePoint now) {
    if (!first_) first_ = now;
    last_ = now;
}

void ChangeGathering::add(std::string name, Change change, TimePoint now) {
    note_time(now);
    if (is_unknown_) return;
    const auto found = fates_.find(name);
    if (found != fates_.end()) {
        found->second.is_gone = change == Change::vanished;
        return;
    }
    if (fates_.size() >= names_max_) return add_unknown(now);
    fates_.emplace(std::move(name), Fate{change == Change::appeared, change == Change::vanished});
}

void ChangeGathering::add_unknown(TimePoint now) {
    note_time(now);
    is_unknown_ = true;
    fates_.clear();
}

std::optional<TimePoint> ChangeGathering::due() const {
    if (!first_) return std::nullopt;
    return std::min(last_ + quiet_, *first_ + wait_max_);
}

std::optional<FolderChanges> ChangeGathering::take() {
    FolderChanges changes;
    if (is_unknown_) changes.listed = FolderChanges::Listed::too_many;
    for (const auto& [name, fate] : fates_) {
        if (!fate.is_new || !fate.is_gone) changes.names.push_back(name);
    }
    first_.reset();
    fates_.clear();
    const bool is_anything = std::exchange(is_unknown_, false) || !changes.names.empty();
    return is_anything ? std::optional(std::move(changes)) : std::nullopt;
}

// The watches, and the thread that reads what they report.
class FolderWatcher::Watching {
public:
    // `events`: of inotify_init1(2). `end`: readable when the thread is to end.
    Watching(Fd root, Fd events, Fd end, WatchOptions options, OnChange on_change)
        : root_(std::move(root)),
          events_(std::move(events)),
          end_(std::move(end)),
          root_path_("/proc/self/fd/" + std::to_string(root_.number())),
          options_(std::move(options)),
          on_change_(std::move(on_change)),
          gathering_(options_.names_max, options_.quiet, options_.wait_max) {}
    Watching(const Watching&) = delete;
    Watching& operator=(const Watching&) = delete;
    ~Watching() {
        if (!thread_.joinable()) return;
        const std::uint64_t one = 1;
        // An event counter that nobody else writes to has room for it.
        static_cast<void>(!::write(end_.number(), &one, sizeof(one)));
        thread_.join();
    }

    Result<void> start() {
        const int failure = watch_one("");
        if (failure != 0) return fail(failure, "inotify_add_watch");
        watch_below("");
        reach_at_start_ = reach_;
        auto thread = start_thread([this] { run(); });
        if (!thread) return std::unexpected(thread.error());
        thread_ = std::move(*thread);
        return {};
    }
    [[nodiscard]] FolderChanges::Reach reach_at_start() const { return reach_at_start_; }

private:
    [[nodiscard]] std::string path_of(const std::string& name) const {
        return name.empty() ? root_path_ + "/" : root_path_ + "/" + name;
    }

    // Returns 0 or an errno value. A folder that can't be watched because it is gone or may not be read is skipped, as
    // it is when it is served.
    int watch_one(const std::string& name) {
        if (watched_.size() >= options_.folders_max) return ENOSPC;
        const std::uint32_t mask = name.empty() ? watched_events : watched_events | IN_DONT_FOLLOW;
        const int watch = ::inotify_add_watch(events_.number(), path_of(name).c_str(), mask);
        if (watch < 0) return errno;
        watched_.insert_or_assign(watch, name);
        return 0;
    }

    // The folders below this one, the nearest first. A folder is watched before it is read, so that none is missed.
    void watch_below(const std::string& top) {
        if (options_.depth == WatchOptions::Depth::root_only) return;
        std::deque<std::string> unread{top};
        while (!unread.empty()) {
            const std::string folder = std::move(unread.front());
            unread.pop_front();
            for (const std::string& name : folders_in(path_of(folder))) {
                if (is_skipped(name)) continue;
                std::string below = join(folder, name);
                const int failure = watch_one(below);
                if (failure == ENOSPC) {
                    reach_ = FolderChanges::Reach::too_many_folders;
                    return;
                }
                if (failure == 0) unread.push_back(std::move(below));
            }
        }
    }

    void forget_at_and_below(const std::string& name) {
        std::erase_if(watched_, [&](const auto& one) {
            const std::string& folder = one.second;
            const bool is_it = folder == name || (folder.starts_with(name) && folder[name.size()] == '/');
            if (is_it) ::inotify_rm_watch(events_.number(), one.first);
            return is_it;
        });
    }

    // The system has dropped events: whatever is there now is watched anew.
    void begin_anew() {
        for (const auto& [watch, name] : watched_) ::inotify_rm_watch(events_.number(), watch);
        watched_.clear();
        if (watch_one("") == 0) watch_below("");
    }

    [[nodiscard]] bool is_skipped(std::string_view name) const { return options_.skips && options_.skips(name); }

    void handle(const inotify_event& event, std::string_view name, TimePoint now) {
        using Change = ChangeGathering::Change;
        if ((event.mask & IN_Q_OVERFLOW) != 0) {
            begin_anew();
            gathering_.add_unknown(now);
            return;
        }
        const auto watched = watched_.find(event.wd);
        if (watched == watched_.end()) return;
        if ((event.mask & IN_IGNORED) != 0) {
            watched_.erase(watched);
            return;
        }
        if (name.empty() || is_skipped(name)) return;
        const std::string path = join(watched->second, name);
        const bool is_gone = (event.mask & (IN_DELETE | IN_MOVED_FROM)) != 0;
        if ((event.mask & IN_ISDIR) != 0) {
            if (is_gone) {
                forget_at_and_below(path);
            } else if (options_.depth == WatchOptions::Depth::tree) {
                watch_new(path);
            }
        }
        // A file that was renamed may have replaced another one, so it counts as written.
        const Change change = is_gone                         ? Change::vanished
                              : (event.mask & IN_CREATE) != 0 ? Change::appeared
                                                              : Change::written;
        gathering_.add(path, change, now);
    }

    void watch_new(const std::string& folder) {
        const int failure = watch_one(folder);
        if (failure == ENOSPC) reach_ = FolderChanges::Reach::too_many_folders;
        if (failure == 0) watch_below(folder);
    }

    void read_events() {
        alignas(inotify_event) std::array<char, 64 * 1024> room;
        const ssize_t got = ::read(events_.number(), room.data(), room.size());
        const TimePoint now = TimePoint::clock::now();
        for (ssize_t at = 0; at < got;) {
            inotify_event event;
            std::memcpy(&event, room.data() + at, sizeof(event));
            const char* const name = room.data() + at + sizeof(event);
            handle(event, {name, ::strnlen(name, event.len)}, now);
            at += static_cast<ssize_t>(sizeof(event) + event.len);
        }
    }

    // In milliseconds, for poll(2): rounded up, so that it is due afterwards.
    [[nodiscard]] int time_left() const {
        const auto due = gathering_.due();
        if (!due) return -1;
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(*due - TimePoint::clock::now());
        return static_cast<int>(std::max<std::chrono::milliseconds::rep>(left.count(), 0));
    }

    void run() {
        for (;;) {
            std::array<pollfd, 2> wanted{pollfd{events_.number(), POLLIN, 0}, pollfd{end_.number(), POLLIN, 0}};
            static_cast<void>(::poll(wanted.data(), wanted.size(), time_left()));
            if (wanted[1].revents != 0) return;
            if (wanted[0].revents != 0) read_events();
            if (time_left() != 0) continue;
            auto changes = gathering_.take();
            if (!changes) continue;
            changes->reach = reach_;
            on_change_(*changes);
        }
    }

    Fd root_;
    Fd events_;
    Fd end_;
    std::string root_path_;  // of root_, wherever it is
    WatchOptions options_;
    OnChange on_change_;
    ChangeGathering gathering_;
    std::map<int, std::string> watched_;  // by the numbers of inotify_add_watch(2), which are not used again
    FolderChanges::Reach reach_ = FolderChanges::Reach::all;
    FolderChanges::Reach reach_at_start_ = FolderChanges::Reach::all;  // does not change once the thread runs
    std::thread thread_;
};

FolderWatcher::FolderWatcher(std::unique_ptr<Watching> watching) : watching_(std::move(watching)) {}

FolderWatcher::~FolderWatcher() = default;

FolderChanges::Reach FolderWatcher::reach_at_start() const { return watching_->reach_at_start(); }

Result<std::unique_ptr<FolderWatcher>> FolderWatcher::start(const Fd& root, WatchOptions options, OnChange on_change) {
    FileSystem& files = real_file_system();
    const int copy = ::fcntl(root.number(), F_DUPFD_CLOEXEC, 0);
    if (copy < 0) return fail(errno, "fcntl");
    Fd own_root(files, copy);
    const int events = ::inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
    if (events < 0) return fail(errno, "inotify_init1");
    Fd own_events(files, events);
    const int end = ::eventfd(0, EFD_CLOEXEC);
    if (end < 0) return fail(errno, "eventfd");
    auto watching = std::make_unique<Watching>(std::move(own_root), std::move(own_events), Fd(files, end),
                                               std::move(options), std::move(on_change));
    Watching& started = *watching;
    std::unique_ptr<FolderWatcher> watcher(new FolderWatcher(std::move(watching)));
    const auto done = started.start();
    if (!done) return std::unexpected(done.error());
    return watcher;
}

}  // namespace portico::io
