// portico/io/folder_watcher.h — tells what changes in a folder and in the folders below it (inotify(7)).
//
// Room io: see error.h.
// Threads:   a watcher may be created and destroyed on any thread. Its own thread calls `on_change`.
//
// Only the machine's own file system can be watched: a simulated one has no watcher.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "portico/base/fd.h"
#include "portico/io/error.h"
#include "portico/io/timers.h"

namespace portico::io {

struct WatchOptions {
    // Folders that are watched, those nearest to the root first. The system has a limit for each user too
    // (fs.inotify.max_user_watches). Changes in further folders go unnoticed: see FolderChanges::reach.
    std::size_t folders_max = 10'000;
    // Names in one report. If more change, the report says so and has no names.
    std::size_t names_max = 100;
    // A report waits until nothing has changed for so long, because editors and build tools make several changes …
    std::chrono::milliseconds quiet{60};
    // … but no longer than this after the first of them.
    std::chrono::milliseconds wait_max{1000};
    // Files and folders with these names are not watched. Empty: all are watched.
    std::function<bool(std::string_view name)> skips;
    // Whether the folders below the root are watched too.
    enum class Depth : std::uint8_t { tree, root_only } depth = Depth::tree;
};

// What has changed since the last report.
struct FolderChanges {
    // Relative to the root, sorted, without repetition: files that were written or have got or lost this name, and
    // folders that have got or lost it. A name that came and went since the last report is not among them.
    std::vector<std::string> names;
    // Whether all changed names are listed. If not, anything may have changed.
    enum class Listed : std::uint8_t { all, too_many } listed = Listed::all;
    // Whether all folders are watched that should be.
    enum class Reach : std::uint8_t { all, too_many_folders } reach = Reach::all;
};

// Gathers changes until they are to be reported. No calls, no threads.
class ChangeGathering {
public:
    enum class Change : std::uint8_t { appeared, written, vanished };

    ChangeGathering(std::size_t names_max, std::chrono::milliseconds quiet, std::chrono::milliseconds wait_max)
        : names_max_(names_max), quiet_(quiet), wait_max_(wait_max) {}

    void add(std::string name, Change change, TimePoint now);
    // Something has changed, and nobody knows what.
    void add_unknown(TimePoint now);
    // When the report is due; nothing if there is nothing to report.
    [[nodiscard]] std::optional<TimePoint> due() const;
    // The report; nothing if all that came is gone. Afterwards nothing is gathered.
    [[nodiscard]] std::optional<FolderChanges> take();

private:
    struct Fate {
        bool is_new = false;   // it did not exist before
        bool is_gone = false;  // it does not exist now
    };
    void note_time(TimePoint now);

    std::size_t names_max_;
    std::chrono::milliseconds quiet_;
    std::chrono::milliseconds wait_max_;
    std::map<std::string, Fate> fates_;
    bool is_unknown_ = false;
    std::optional<TimePoint> first_;
    TimePoint last_;
};

// Watches one folder for as long as it lives. A folder that is renamed, removed or made anew is followed by its name.
// Links to folders are not followed.
class FolderWatcher {
public:
    using OnChange = std::function<void(const FolderChanges& changes)>;

    // `root`: an open directory of the real file system; it need not outlive the watcher. Everything that changes after
    // this has returned is reported. Errors: EMFILE (fs.inotify.max_user_instances), ENOSPC, EACCES, EAGAIN no thread …
    [[nodiscard]] static Result<std::unique_ptr<FolderWatcher>> start(const Fd& root, WatchOptions options,
                                                                      OnChange on_change);
    FolderWatcher(const FolderWatcher&) = delete;
    FolderWatcher& operator=(const FolderWatcher&) = delete;
    // Waits for a call in progress.
    ~FolderWatcher();

    // Whether all folders are watched that should be, as of the start.
    [[nodiscard]] FolderChanges::Reach reach_at_start() const;

private:
    class Watching;
    explicit FolderWatcher(std::unique_ptr<Watching> watching);

    std::unique_ptr<Watching> watching_;
};

}  // namespace portico::io
