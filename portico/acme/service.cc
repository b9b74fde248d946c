// portico/acme/service.cc — see service.h.
#include "portico/acme/service.h"

#include <thread>
#include <utility>

#include "portico/acme/dns_hook.h"
#include "portico/acme/folder_store.h"
#include "portico/acme/http_channel.h"
#include "portico/acme/store.h"
#include "portico/io/core.h"
#include "portico/io/epoll/epoll_kernel.h"
#include "portico/io/error.h"
#include "portico/io/run_task.h"
#include "portico/io/scope.h"
#include "portico/io/thread.h"

namespace portico::acme {
namespace {

std::unique_ptr<Prover> make_prover(io::Core& core, const ServiceOptions& options, Challenges& challenges) {
    if (!options.dns_hook.empty()) return std::make_unique<DnsHook>(core, options.dns_hook);
    return std::make_unique<ServerProver>(core, challenges, options.types);
}

// What one core needs; members are destroyed from the last to the first.
struct Works {
    Works(std::unique_ptr<io::Kernel> the_kernel, const ServiceOptions& options, Challenges& challenges,
          Keeper::Tell tell)
        : kernel(std::move(the_kernel)),
          core(*kernel),
          store(core, options.folder),
          channel(core, options.trusted),
          prover(make_prover(core, options, challenges)),
          keeper(core, store, channel, *prover, options.authorities, std::move(tell)) {}

    std::unique_ptr<io::Kernel> kernel;
    io::Core core;
    FolderStore store;
    HttpChannel channel;
    std::unique_ptr<Prover> prover;
    Keeper keeper;
    io::Scope keeping;  // the tasks, one for each name
};

}  // namespace

struct Service::Impl {
    Impl(std::unique_ptr<io::Kernel> kernel, ServiceOptions the_options, std::shared_ptr<Challenges> the_challenges,
         Keeper::Tell tell)
        : options(std::move(the_options)),
          challenges(std::move(the_challenges)),
          works(std::move(kernel), options, *challenges, std::move(tell)) {}

    void run();

    const ServiceOptions options;
    const std::shared_ptr<Challenges> challenges;
    Works works;
    std::thread thread;
};

namespace {

Task<void> stop_when_ended(Works& works) {
    co_await works.keeping.join();
    works.core.stop();
}

}  // namespace

void Service::Impl::run() {
    io::Scope until_ended;
    for (const std::string& name : options.names) works.keeping.start(works.keeper.keep(name));
    until_ended.start(stop_when_ended(works));
    works.core.run();
}

Service::Service(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Service::~Service() {
    impl_->works.core.post([impl = impl_.get()] { impl->works.keeping.request_stop(); });
    if (impl_->thread.joinable()) impl_->thread.join();
}

std::expected<std::unique_ptr<Service>, std::string> Service::start(ServiceOptions options,
                                                                    std::shared_ptr<Challenges> challenges,
                                                                    Keeper::Tell tell) {
    auto kernel = io::make_epoll_kernel();
    if (!kernel) return std::unexpected(io::describe(kernel.error()));
    auto impl = std::make_unique<Impl>(*std::move(kernel), std::move(options), std::move(challenges), std::move(tell));
    auto thread = io::start_thread([own = impl.get()] { own->run(); }, io::ThreadSignals::blocked);
    if (!thread) return std::unexpected(io::describe(thread.error()));
    impl->thread = *std::move(thread);
    return std::unique_ptr<Service>(new Service(std::move(impl)));
}

Result<void> revoke_now(const ServiceOptions& options, const std::string& name) {
    auto kernel = io::make_epoll_kernel();
    if (!kernel) return fail(Failure::What::local, io::describe(kernel.error()));
    Challenges none;  // nothing is proven
    Works works(*std::move(kernel), options, none, [](const std::string&) {});
    return io::run_task(works.core, works.keeper.revoke(name));
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
