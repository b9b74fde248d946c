// portico/io/signals.h — signals as calls, on a thread of their own.
//
// Room io: see error.h.
// Threads:   the watcher's own calls `on_signal`; make the watcher before any other thread, so that all of them inherit
// the mask.
#pragma once

#include <functional>
#include <memory>
#include <vector>

namespace portico::io {

// Blocks `signals` in the calling thread and hands each that comes to `on_signal`, one at a time. A signal that comes
// twice before it is taken may be one call. Destroying it waits for the call that is under way; the signals stay
// blocked, so that one which comes on the way to the exit does not change the exit code.
class SignalWatcher {
public:
    // `signals`: at least one (asserted), as signal(7) numbers them.
    SignalWatcher(const std::vector<int>& signals, std::function<void(int signal)> on_signal);
    SignalWatcher(const SignalWatcher&) = delete;
    SignalWatcher& operator=(const SignalWatcher&) = delete;
    ~SignalWatcher();

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

// A write to a peer that has left is an error value, not the end of the program.
void ignore_broken_pipes();
// The same for the calling thread, from now on, whatever the program does with the signal: sendfile(2) has no flag
// against it. Every core's thread does this.
void block_broken_pipes();

}  // namespace portico::io
