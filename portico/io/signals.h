// portico/io/signals.h — delivers signals as calls, on a separate thread.
//
// Room io: see error.h.
// Threads:   a watcher may be created and destroyed on any thread, whatever other threads the program has. Its own
//            thread
//                       calls `on_signal`.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

namespace portico::io {

// Handles `signals` in the whole process for as long as it lives, and calls `on_signal` for each signal received, one
// at a time. If several watchers handle a signal, each of them is called. SIGHUP stays ignored if it was (nohup).
// Destroying the watcher waits for a call in progress.
class SignalWatcher {
public:
    // What the signals do once no watcher is left: what they did before, or nothing. A program that is about to exit
    // ignores them, so that a late signal does not change its exit status.
    enum class Afterwards : std::uint8_t { as_before, ignored };
    // `signals`: at least one (asserted), as signal(7) numbers them. At most 16 watchers exist at the same time
    // (asserted). If no thread can be started, or no pipe opened, the signals keep their previous behaviour.
    SignalWatcher(const std::vector<int>& signals, std::function<void(int signal)> on_signal,
                  Afterwards afterwards = Afterwards::as_before);
    SignalWatcher(const SignalWatcher&) = delete;
    SignalWatcher& operator=(const SignalWatcher&) = delete;
    ~SignalWatcher();
    // Whether it handles the signals: see the constructor.
    [[nodiscard]] bool is_watching() const;

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

// From now on, writing to a peer that has left returns an error value and does not end the program.
void ignore_broken_pipes();
// Like ignore_broken_pipes(), but only for the calling thread, whatever the program does with the signal: sendfile(2)
// has no flag against it. Every core's thread calls this.
void block_broken_pipes();

}  // namespace portico::io
