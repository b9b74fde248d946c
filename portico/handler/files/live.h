// portico/handler/files/live.h — pages that reload themselves when a file changes.
//
// Room handler: see options.h.
// Threads:   the watcher's thread reports changes; each core tells its browsers.
//
// Every HTML page gets the script of this server (live_script_tag). The script keeps a stream of server-sent events
// open (WHATWG HTML §9.2), which says what state the folder has and which style sheets have changed since the one
// before. A page that was away for a while, or whose server has been started again, sees another state and reloads.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "portico/handler/files/folder.h"
#include "portico/io/broadcast.h"
#include "portico/io/folder_watcher.h"
#include "portico/route/for_core.h"
#include "portico/route/handler.h"

namespace portico::files {

// Below this path, the server answers by itself: no file has such a path while pages reload themselves.
inline constexpr std::string_view live_prefix = "/.portico-live";
// What is added to the end of every HTML page.
inline constexpr std::string_view live_script_tag = "<script src=\"/.portico-live/script.js\" async></script>\n";

// The state of the folder, and the news for those who know the state before.
struct LiveNews {
    std::uint64_t state = 0;  // counts reports of changes
    // The paths of the style sheets that have changed, if nothing else has: as a JSON array of encoded paths. "[]":
    // pages have to reload.
    std::string styles = "[]";
};

class LiveReload {
public:
    // At most `streams_max` browsers are told at the same time, on all cores together; others try again later.
    explicit LiveReload(std::size_t streams_max) : streams_max_(streams_max), news_(news_waiting_max) {}
    LiveReload(const LiveReload&) = delete;
    LiveReload& operator=(const LiveReload&) = delete;

    // Watches the folder, with its options: what isn't served isn't watched. `on_too_many_folders` is called once if
    // not all folders can be watched, now or on the watcher's thread. Errors: see FolderWatcher::start().
    [[nodiscard]] io::Result<void> watch(const Folder& folder, std::function<void()> on_too_many_folders);
    // Something has changed. On one thread at a time.
    void tell(const io::FolderChanges& changes);

    // Answers below live_prefix. The object outlives it.
    [[nodiscard]] route::ForCore<route::Handler> handler();

    // --- for the handler
    [[nodiscard]] Broadcast<LiveNews>& news() { return news_; }
    [[nodiscard]] bool has_room() const { return news_.subscribers() < streams_max_; }
    [[nodiscard]] bool has_too_many() const { return news_.subscribers() > streams_max_; }
    [[nodiscard]] LiveNews now() const;
    // The script with the present state.
    [[nodiscard]] std::string script() const;
    // The data of an event for this state: JSON.
    [[nodiscard]] std::string event(const LiveNews& news) const;
    // Distinguishes this server from the one before. Once.
    void set_name(std::uint64_t random);

private:
    static constexpr std::size_t news_waiting_max = 4;

    [[nodiscard]] std::string state_text(std::uint64_t state) const;

    const std::size_t streams_max_;
    mutable std::mutex lock_;
    std::uint64_t name_ = 0;   // guarded by lock_; 0: none yet
    std::uint64_t state_ = 1;  // guarded by lock_
    std::atomic<bool> has_all_folders_ = true;
    Broadcast<LiveNews> news_;
    std::unique_ptr<io::FolderWatcher> watcher_;  // last: it ends first
};

// Adds the script to a page.
void add_live_script(std::string& page);

}  // namespace portico::files
