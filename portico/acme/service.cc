// portico/acme/service.cc — see service.h.
#include "portico/acme/service.h"

#include <utility>

#include "portico/acme/core_thread.h"
#include "portico/acme/dns_hook.h"
#include "portico/acme/folder_store.h"
#include "portico/acme/http_channel.h"
#include "portico/acme/store.h"
#include "portico/io/core.h"
#include "portico/io/run_task.h"

namespace portico::acme {
namespace {

std::unique_ptr<Prover> make_prover(io::Core& core, const ServiceOptions& options, Challenges& challenges) {
    if (!options.dns_hook.empty()) return std::make_unique<DnsHook>(core, options.dns_hook);
    return std::make_unique<ServerProver>(core, challenges, options.types);
}

// What a keeper needs; members are destroyed from the last to the first.
struct Works {
    Works(std::unique_ptr<CoreThread> the_thread, const ServiceOptions& options, Challenges& challenges,
          Keeper::Tell tell)
        : thread(std::move(the_thread)),
          store(thread->core(), options.folder),
          channel(thread->core(), options.trusted),
          prover(make_prover(thread->core(), options, challenges)),
          keeper(thread->core(), store, channel, *prover, options.authorities, std::move(tell)) {}
    Works(const Works&) = delete;
    Works& operator=(const Works&) = delete;
    ~Works() { thread->end(); }

    const std::unique_ptr<CoreThread> thread;
    FolderStore store;
    HttpChannel channel;
    std::unique_ptr<Prover> prover;
    Keeper keeper;
};

}  // namespace

struct Service::Impl {
    Impl(std::unique_ptr<CoreThread> thread, ServiceOptions the_options, std::shared_ptr<Challenges> the_challenges,
         Keeper::Tell tell)
        : options(std::move(the_options)),
          challenges(std::move(the_challenges)),
          works(std::move(thread), options, *challenges, std::move(tell)) {}

    // Starts a task for each name, on the service's thread.
    void keep_all() {
        for (const std::string& name : options.names) works.thread->tasks().start(works.keeper.keep(name));
    }

    const ServiceOptions options;
    const std::shared_ptr<Challenges> challenges;
    Works works;
};

Service::Service(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Service::~Service() = default;

std::expected<std::unique_ptr<Service>, std::string> Service::start(ServiceOptions options,
                                                                    std::shared_ptr<Challenges> challenges,
                                                                    Keeper::Tell tell) {
    auto thread = CoreThread::make();
    if (!thread) return std::unexpected(thread.error());
    auto impl = std::make_unique<Impl>(*std::move(thread), std::move(options), std::move(challenges), std::move(tell));
    CoreThread& own = *impl->works.thread;
    if (const auto started = own.start(); !started) return std::unexpected(started.error());
    own.core().post([impl = impl.get()] { impl->keep_all(); });
    return std::unique_ptr<Service>(new Service(std::move(impl)));
}

Result<void> revoke_now(const ServiceOptions& options, const std::string& name) {
    auto thread = CoreThread::make();
    if (!thread) return fail(Failure::What::local, thread.error());
    Challenges none;  // nothing is proven
    Works works(*std::move(thread), options, none, [](const std::string&) {});
    return io::run_task(works.thread->core(), works.keeper.revoke(name));
}

Result<std::optional<tls::Credentials>> stored_credentials(const std::string& folder, const std::string& name) {
    const auto text = read_stored(folder, certificate_path(name));
    if (!text) return std::unexpected(text.error());
    const auto stored = *text ? read_certificate(**text) : std::nullopt;
    if (!stored) return std::nullopt;
    auto credentials = tls::Credentials::read(stored->chain, stored->key);
    if (!credentials) return std::nullopt;
    return std::optional(*std::move(credentials));
}

}  // namespace portico::acme
