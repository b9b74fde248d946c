// portico/io/net/resolve.cc — see resolve.h.
#include "portico/io/net/resolve.h"

#include <netdb.h>
#include <sys/socket.h>

#include <algorithm>
#include <cassert>
#include <cstring>
#include <functional>
#include <memory>
#include <mutex>
#include <utility>

#include "portico/base/printable.h"
#include "portico/io/descriptors.h"
#include "portico/io/thread.h"

namespace portico::io {
namespace {

using Kind = ResolveError::Kind;
using Addresses = std::vector<SocketAddress>;

std::unexpected<ResolveError> fail_with(Kind kind, std::string message) {
    return std::unexpected(ResolveError{.kind = kind, .message = std::move(message)});
}

// `failure` is the result of getaddrinfo or getnameinfo.
std::unexpected<ResolveError> fail_to_ask(int failure, int error_number, const std::string& about,
                                          const char* not_found) {
    switch (failure) {
        case EAI_NONAME:
        case EAI_NODATA:
        case EAI_ADDRFAMILY: return fail_with(Kind::not_found, about + not_found);
        case EAI_AGAIN: return fail_with(Kind::temporary, about + ": no name server answered");
        case EAI_MEMORY: return fail_with(Kind::temporary, about + ": out of memory");
        case EAI_SYSTEM: return fail_with(Kind::failed, describe(Error{error_number, "getaddrinfo"}));
        default: return fail_with(Kind::failed, about + ": " + ::gai_strerror(failure));
    }
}

bool is_name_or_below(std::string_view host, std::string_view name) {
    if (host.ends_with('.')) host.remove_suffix(1);
    if (host.size() < name.size()) return false;
    const std::string_view end = host.substr(host.size() - name.size());
    const bool same =
        std::ranges::equal(end, name, [](char a, char b) { return (a >= 'A' && a <= 'Z' ? a | 0x20 : a) == b; });
    return same && (end.size() == host.size() || host[host.size() - name.size() - 1] == '.');
}

// Returns the answer if it is known without the resolver. Nothing: the resolver must be asked.
std::optional<Resolved<Addresses>> answer_at_once(const std::string& host, std::uint16_t port,
                                                  std::optional<Family> family) {
    Addresses addresses;
    const auto add = [&](const IpAddress& ip) {
        if (!family || *family == ip.family()) addresses.push_back(SocketAddress::of(ip, port));
    };
    if (host.empty() || is_name_or_below(host, "localhost")) {
        add(IpAddress::loopback(Family::ipv6));
        add(IpAddress::loopback(Family::ipv4));
        return addresses;
    }
    const bool is_ipv6 = host.find(':') != std::string::npos;
    if (const auto ip = IpAddress::parse(host)) {
        add(*ip);
        if (!addresses.empty()) return addresses;
        return fail_with(Kind::not_found, host + " is not an IPv" + (is_ipv6 ? "4" : "6") + " address");
    }
    if (is_ipv6) {
        const std::size_t percent = host.find('%');
        if (percent != std::string::npos && IpAddress::parse(host.substr(0, percent))) {
            return fail_with(Kind::not_found, printable(host.substr(percent + 1)) + ": no such network interface");
        }
        return fail_with(Kind::failed, printable(host) + " is not an IPv6 address");
    }
    if (is_meant_as_ipv4(host)) return fail_with(Kind::not_found, printable(host) + " is not an IPv4 address");
    if (is_name_or_below(host, "invalid")) {
        return fail_with(Kind::not_found, printable(host) + ": no such host");
    }
    return std::nullopt;
}

struct FreeAnswer {
    void operator()(addrinfo* list) const { ::freeaddrinfo(list); }
};

// Asks the resolver and waits for its answer, however long that takes.
Resolved<Addresses> ask_addresses(const std::string& host, std::uint16_t port, std::optional<Family> family) {
    if (host.find('\0') != std::string::npos) return fail_with(Kind::failed, "a host name cannot contain NUL");
    addrinfo hints{};
    hints.ai_family = !family ? AF_UNSPEC : *family == Family::ipv4 ? AF_INET : AF_INET6;
    hints.ai_socktype = SOCK_STREAM;  // one answer for each address, not one for each type of socket
    const bool is_international = std::ranges::any_of(host, [](char octet) { return (octet & 0x80) != 0; });
    if (is_international) hints.ai_flags |= AI_IDN;
    addrinfo* first = nullptr;
    const int failure = ::getaddrinfo(host.c_str(), nullptr, &hints, &first);
    if (failure != 0) return fail_to_ask(failure, errno, printable(host), ": no such host");
    const std::unique_ptr<addrinfo, FreeAnswer> list(first);
    Addresses addresses;
    for (const addrinfo* entry = first; entry != nullptr; entry = entry->ai_next) {
        SocketAddress address = from_sockaddr(entry->ai_addr, entry->ai_addrlen);
        address.port = port;
        if (std::ranges::find(addresses, address) == addresses.end()) addresses.push_back(std::move(address));
    }
    return addresses;
}

Resolved<std::string> ask_name(const IpAddress& address) {
    sockaddr_storage storage{};
    const unsigned length = to_sockaddr(SocketAddress::of(address, 0), &storage).value_or(0);
    char name[NI_MAXHOST];
    const int failure =
        ::getnameinfo(reinterpret_cast<const sockaddr*>(&storage), length, name, sizeof name, nullptr, 0, NI_NAMEREQD);
    if (failure != 0) return fail_to_ask(failure, errno, address.text(), ": no name found");
    return name;
}

// A question to the resolver, on a thread of its own. io::offload waits until its work ends; a resolver may take half a
// minute to give up, and a deadline must not wait for that. So the thread and this operation share ownership of the
// state. When the thread ends, it checks whether the operation is still waiting.
template <class Answer>
class Question final : public Operation {
public:
    Question(Core& core, std::function<Answer()> ask, TimePoint deadline)
        : Operation(core), shared_(std::make_shared<Shared>()), deadline_(deadline) {
        shared_->ask = std::move(ask);
    }
    [[nodiscard]] bool await_ready() const noexcept { return false; }
    template <class Promise>
    bool await_suspend(std::coroutine_handle<Promise> waiter) {
        return begin(waiter, deadline_, [this] { return !start_thread(); });
    }
    // There is no answer if the wait ended first; result() gives the reason.
    Answer await_resume() {
        if (result() == 0) return *std::move(shared_->answer);
        if (result() == -ETIMEDOUT) return fail_with(Kind::timed_out, "the name server did not answer in time");
        if (result() == -ECANCELED) return fail_with(Kind::stopped, "stopped");
        return fail_with(Kind::temporary, "no thread could be started for the resolver");
    }

private:
    struct Shared {
        std::function<Answer()> ask;
        std::optional<Answer> answer;  // written before the message is posted
        std::mutex lock;
        Question* waiting = nullptr;  // guarded by lock; null once the wait has ended; the core may then be gone
    };

    bool start_thread() {
        shared_->waiting = this;
        Result<std::thread> thread = io::start_thread([shared = shared_] { answer(shared); });
        if (!thread) {
            set_result(-thread.error().number);
            return false;
        }
        thread->detach();
        return true;
    }
    static void answer(const std::shared_ptr<Shared>& shared) {
        shared->answer.emplace(shared->ask());
        const std::lock_guard lock(shared->lock);
        if (shared->waiting != nullptr) shared->waiting->core().post([shared] { deliver(*shared); });
    }
    // Runs on the core's thread, so `waiting` cannot be cleared elsewhere in the meantime.
    static void deliver(Shared& shared) {
        Question* const waiting = stop_waiting_for(shared);
        if (waiting != nullptr) waiting->complete(0);
    }
    static Question* stop_waiting_for(Shared& shared) {
        const std::lock_guard lock(shared.lock);
        return std::exchange(shared.waiting, nullptr);
    }
    void cancel() override {
        stop_waiting_for(*shared_);
        complete(-ECANCELED);
    }

    std::shared_ptr<Shared> shared_;
    TimePoint deadline_;
};

bool has_ipv6() { return owned(::socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0)).has_value(); }

}  // namespace

Task<Resolved<Addresses>> resolve(Core& core, std::string host, std::uint16_t port, std::optional<Family> family,
                                  TimePoint deadline) {
    std::optional<Resolved<Addresses>> known = answer_at_once(host, port, family);
    if (known) co_return *std::move(known);
    std::function<Resolved<Addresses>()> ask = [host, port, family] { return ask_addresses(host, port, family); };
    Question<Resolved<Addresses>> question(core, std::move(ask), deadline);
    Resolved<Addresses> addresses = co_await question;
    co_return std::move(addresses);
}

Task<Resolved<std::string>> resolve_name(Core& core, IpAddress address, TimePoint deadline) {
    std::function<Resolved<std::string>()> ask = [address] { return ask_name(address); };
    Question<Resolved<std::string>> question(core, std::move(ask), deadline);
    Resolved<std::string> name = co_await question;
    co_return std::move(name);
}

Resolved<Addresses> resolve_now(const std::string& host, std::uint16_t port, std::optional<Family> family) {
    std::optional<Resolved<Addresses>> known = answer_at_once(host, port, family);
    return known ? *std::move(known) : ask_addresses(host, port, family);
}

Resolved<Addresses> listening_addresses(const Endpoint& endpoint) {
    assert(endpoint.scheme != EndpointScheme::stdio);
    if (endpoint.scheme == EndpointScheme::unix_stream) return Addresses{SocketAddress::unix_path_of(endpoint.path)};
    if (endpoint.host.empty()) {
        const Family widest = has_ipv6() ? Family::ipv6 : Family::ipv4;
        return Addresses{SocketAddress::of(IpAddress::any(widest), endpoint.port)};
    }
    Resolved<Addresses> addresses = resolve_now(endpoint.host, endpoint.port);
    // 127.0.0.1 comes first: some machines lack ::1, but every machine has 127.0.0.1.
    const auto family_first = [](const SocketAddress& each) { return std::pair(each.family, each.ip.octets()); };
    if (addresses) std::ranges::sort(*addresses, {}, family_first);
    return addresses;
}

}  // namespace portico::io
