// portico/io/signals.h — signals as calls, on a thread of their own.
//
// Room io: see error.h.
// Threads:   a watcher may be made and destroyed on any thread, whatever other threads the program has. Its own thread
//            calls `on_signal`.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

namespace portico::io {

// Handles `signals` in the whole process for as long as it lives, and calls `on_signal` for each that comes, one at a
// time. If several watchers handle a signal, each of them is told. SIGHUP stays ignored if it was (nohup). Destroying
// it waits for the call that is under way.
class SignalWatcher {
public:
    // What the signals do once no watcher is left: what they did before, or nothing. A program that is about to exit
    // ignores them, so that a late one does not change its exit status.
    enum class Afterwards : std::uint8_t { as_before, ignored };
    // `signals`: at least one (asserted), as signal(7) numbers them. At most 16 watchers live at the same time
    // (asserted). If no thread can be started, the signals go on doing what they did.
    SignalWatcher(const std::vector<int>& signals, std::function<void(int signal)> on_signal,
                  Afterwards afterwards = Afterwards::as_before);
    SignalWatcher(const SignalWatcher&) = delete;
    SignalWatcher& operator=(const SignalWatcher&) = delete;
    ~SignalWatcher();

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

// From now on, writing to a peer that has left is an error value, and does not end the program.
void ignore_broken_pipes();
// The same for the calling thread only, whatever the program does with the signal: sendfile(2) has no flag against it.
// Every core's thread does this.
void block_broken_pipes();

}  // namespace portico::io
