// portico/acme/staple_service.cc — see staple_service.h.
#include "portico/acme/staple_service.h"

#include <expected>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include "portico/acme/core_thread.h"
#include "portico/acme/http_channel.h"

namespace portico::acme {
namespace {

// What a stapler needs; members are destroyed from the last to the first.
struct Stapling {
    Stapling(std::unique_ptr<CoreThread> the_thread, Stapler::Tell tell)
        : thread(std::move(the_thread)),
          channel(thread->core(), {}, responder_time_max, responder_octets_max),
          stapler(thread->core(), channel, std::move(tell)) {}
    Stapling(const Stapling&) = delete;
    Stapling& operator=(const Stapling&) = delete;
    ~Stapling() { thread->end(); }

    const std::unique_ptr<CoreThread> thread;
    HttpChannel channel;
    Stapler stapler;
};

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
    auto thread = CoreThread::make();
    std::expected<void, std::string> started;
    if (thread) {
        works = std::make_unique<Stapling>(*std::move(thread), tell);
        started = works->thread->start();
    } else {
        started = std::unexpected(thread.error());
    }
    if (started) return true;
    works.reset();
    tell("no OCSP response can be fetched: " + started.error());
    return false;
}

void StapleService::Impl::begin(const tls::Credentials& credentials, const std::weak_ptr<tls::StaplePlace>& place) {
    const std::lock_guard guard(lock);
    if (has_ended || (works == nullptr && !start())) return;
    works->thread->core().post(
        [own = works.get(), credentials, place] { own->thread->tasks().start(own->stapler.keep(credentials, place)); });
}

void StapleService::Impl::end() {
    std::unique_ptr<Stapling> last;  // ends its tasks without the lock
    const std::lock_guard guard(lock);
    has_ended = true;
    last = std::move(works);
}

StapleService::StapleService(Stapler::Tell tell)
    : impl_(std::make_shared<Impl>(std::move(tell))),
      staples_(std::make_shared<tls::Staples>(
          [impl = impl_](const tls::Credentials& credentials, const std::weak_ptr<tls::StaplePlace>& place) {
              impl->begin(credentials, place);
          })) {}

StapleService::~StapleService() { impl_->end(); }

}  // namespace portico::acme
