// portico/acme/staple_service.cc — see staple_service.h.
#include "portico/acme/staple_service.h"

#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>

#include "portico/acme/http_channel.h"
#include "portico/io/core.h"
#include "portico/io/epoll/epoll_kernel.h"
#include "portico/io/error.h"
#include "portico/io/scope.h"
#include "portico/io/thread.h"

namespace portico::acme {
namespace {

// What the thread needs; members are destroyed from the last to the first.
struct Stapling {
    Stapling(std::unique_ptr<io::Kernel> the_kernel, Stapler::Tell tell)
        : kernel(std::move(the_kernel)),
          core(*kernel),
          channel(core, {}, responder_time_max, responder_octets_max),
          stapler(core, channel, std::move(tell)) {}

    std::unique_ptr<io::Kernel> kernel;
    io::Core core;
    HttpChannel channel;
    Stapler stapler;
    io::Scope keeping;  // the tasks, one for each certificate
    io::Scope ending;
    std::thread thread;
};

Task<void> stop_when_stapled(Stapling& works) {
    co_await works.keeping.join();
    works.core.stop();
}

}  // namespace

struct StapleService::Impl {
    explicit Impl(Stapler::Tell the_tell) : tell(std::move(the_tell)) {}

    void begin(const tls::Credentials& credentials, const std::weak_ptr<tls::StaplePlace>& place);
    void end();

    const Stapler::Tell tell;
    std::mutex lock;
    std::unique_ptr<Stapling> works;  // guarded by lock; null: no certificate names a responder
    bool has_ended = false;           // guarded by lock

private:
    [[nodiscard]] bool start();
};

// Whether there is a thread. One that can't be started is told: the server does without responses.
bool StapleService::Impl::start() {
    auto kernel = io::make_epoll_kernel();
    if (!kernel) {
        tell("no OCSP response can be fetched: " + io::describe(kernel.error()));
        return false;
    }
    works = std::make_unique<Stapling>(*std::move(kernel), tell);
    auto thread = io::start_thread([own = works.get()] { own->core.run(); }, io::ThreadSignals::blocked);
    if (!thread) {
        tell("no OCSP response can be fetched: " + io::describe(thread.error()));
        works.reset();
        return false;
    }
    works->thread = *std::move(thread);
    return true;
}

void StapleService::Impl::begin(const tls::Credentials& credentials, const std::weak_ptr<tls::StaplePlace>& place) {
    const std::lock_guard guard(lock);
    if (has_ended || (works == nullptr && !start())) return;
    works->core.post(
        [own = works.get(), credentials, place] { own->keeping.start(own->stapler.keep(credentials, place)); });
}

void StapleService::Impl::end() {
    std::unique_ptr<Stapling> last;
    {
        const std::lock_guard guard(lock);
        has_ended = true;
        last = std::move(works);
    }
    if (last == nullptr) return;
    last->core.post([own = last.get()] {
        own->keeping.request_stop();
        own->ending.start(stop_when_stapled(*own));
    });
    last->thread.join();
}

StapleService::StapleService(Stapler::Tell tell)
    : impl_(std::make_shared<Impl>(std::move(tell))),
      staples_(std::make_shared<tls::Staples>(
          [impl = impl_](const tls::Credentials& credentials, const std::weak_ptr<tls::StaplePlace>& place) {
              impl->begin(credentials, place);
          })) {}

StapleService::~StapleService() { impl_->end(); }

}  // namespace portico::acme
