// portico/io/thread.cc — see thread.h.
#include "portico/io/thread.h"

#include <csignal>
#include <system_error>
#include <utility>

namespace portico::io {

Result<std::thread> start_thread(std::function<void()> run, ThreadSignals signals) {
    sigset_t wanted;
    sigset_t before;
    ::sigemptyset(&wanted);
    if (signals == ThreadSignals::blocked) ::sigfillset(&wanted);
    ::pthread_sigmask(SIG_BLOCK, &wanted, &before);  // a new thread starts with the mask of the thread that creates it
    Result<std::thread> thread = fail(0, "start a thread");
    try {
        thread = std::thread(std::move(run));
    } catch (const std::system_error& error) {  // this is how the standard library returns EAGAIN
        thread = fail(error.code().value(), "start a thread");
    }
    ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
    return thread;
}

}  // namespace portico::io
