// portico/embed/fetch.cc — see fetch.h.
#include "portico/embed/fetch.h"

#include <algorithm>
#include <deque>
#include <exception>

#include "portico/base/printable.h"
#include "portico/embed/tell.h"
#include "portico/io/net/endpoint.h"
#include "portico/link/client.h"
#include "portico/tls/own_credentials.h"

namespace portico {
namespace {

using Kind = FetchError::Kind;
using link::Failure;

Kind kind_of(Failure::Kind kind) {
    switch (kind) {
        case Failure::Kind::misuse: return Kind::misuse;
        case Failure::Kind::no_content:
        case Failure::Kind::not_repeatable: return Kind::no_content;
        case Failure::Kind::not_resolved: return Kind::not_resolved;
        case Failure::Kind::not_connected: return Kind::not_connected;
        case Failure::Kind::not_secured: return Kind::not_secured;
        case Failure::Kind::not_trusted: return Kind::not_trusted;
        case Failure::Kind::not_sent:
        case Failure::Kind::no_answer:
        case Failure::Kind::not_received: return Kind::lost;
        case Failure::Kind::malformed: return Kind::malformed;
        case Failure::Kind::incomplete: return Kind::incomplete;
        case Failure::Kind::too_large: return Kind::too_large;
        case Failure::Kind::too_many_redirects: return Kind::too_many_redirects;
        case Failure::Kind::timed_out: return Kind::timed_out;
        case Failure::Kind::no_memory: return Kind::no_memory;
        case Failure::Kind::stopped: break;
    }
    return Kind::stopped;
}

std::unexpected<FetchError> failed(const Failure& failure) {
    return std::unexpected(FetchError{kind_of(failure.kind), failure.message});
}

link::SpokenVersion spoken(FetchVersion version) {
    switch (version) {
        case FetchVersion::negotiated: break;
        case FetchVersion::http_1_1: return link::SpokenVersion::http_1_1;
        case FetchVersion::http_2_prior_knowledge: return link::SpokenVersion::http_2_prior_knowledge;
    }
    return link::SpokenVersion::negotiated;
}

link::AskFirst asking(FetchAskFirst wanted) {
    switch (wanted) {
        case FetchAskFirst::if_large: break;
        case FetchAskFirst::always: return link::AskFirst::always;
        case FetchAskFirst::never: return link::AskFirst::never;
    }
    return link::AskFirst::if_large;
}

// What the program's producer throws means that the content is incomplete.
Task<bool> produce(io::Core& core, const http::Producer& producer, http::ContentWriter& writer) {
    std::exception_ptr exception;
    bool is_whole = false;
    try {
        is_whole = co_await producer(writer);
    } catch (...) {
        exception = std::current_exception();
    }
    if (exception) tell_of_exception(core, "the producer of a request's content", exception);
    co_return is_whole && !exception;
}

// A core's clients: one for each way to connect and to trust.
class Clients {
public:
    // How many are kept. A client holds connections that are idle, and the authorities that it trusts.
    static constexpr std::size_t count_max = 8;

    static Clients& of(io::Core& core) {
        static const char key = 0;
        std::shared_ptr<void>& local = core.local(&key);
        if (local == nullptr) local = std::make_shared<Clients>();
        return *static_cast<Clients*>(local.get());
    }
    // The error is a sentence about an option.
    std::expected<std::shared_ptr<link::Client>, std::string> client_for(io::Core& core, const FetchOptions& wanted) {
        Way way{wanted.trust, wanted.authorities, wanted.connect_to, wanted.version, wanted.certificate, wanted.key};
        const auto found = std::ranges::find(kept_, way, &Kept::way);
        if (found != kept_.end()) return found->client;
        link::ClientOptions options;
        options.version = spoken(wanted.version);
        options.tls.authorities = wanted.authorities;
        if (wanted.trust == ServerTrust::any) options.tls.verification = tls::Verification::none;
        auto own = tls::own_credentials(wanted.certificate, wanted.key);
        if (!own) return std::unexpected(std::move(own.error()));
        options.tls.own = *std::move(own);
        if (!wanted.connect_to.empty()) {
            auto endpoint = io::parse_endpoint(wanted.connect_to);
            const bool is_stream = endpoint && (endpoint->scheme == io::EndpointScheme::unix_stream ||
                                                (endpoint->scheme == io::EndpointScheme::tcp && endpoint->port != 0));
            if (!is_stream) return std::unexpected("'" + printable(wanted.connect_to) + "' is nowhere to connect to");
            options.connect_to = *std::move(endpoint);
        }
        auto client = std::make_shared<link::Client>(core, std::move(options));
        if (kept_.size() == count_max) kept_.pop_front();  // responses that are being read keep theirs
        kept_.push_back({std::move(way), client});
        return client;
    }

private:
    // What connections differ in.
    struct Way {
        ServerTrust trust;
        std::string authorities;
        std::string connect_to;
        FetchVersion version;
        std::string certificate;
        std::string key;
        bool operator==(const Way&) const = default;
    };
    struct Kept {
        Way way;
        std::shared_ptr<link::Client> client;
    };
    std::deque<Kept> kept_;  // the oldest first
};

}  // namespace

FetchError::operator http::Refusal() const {
    using http::Status;
    switch (kind) {
        case Kind::misuse: return {Status::bad_gateway, "a request to another server could not be sent"};
        case Kind::not_resolved: return {Status::bad_gateway, "another server's host has no address"};
        case Kind::not_connected: return {Status::bad_gateway, "another server does not accept connections"};
        case Kind::not_secured: return {Status::bad_gateway, "no TLS with another server"};
        case Kind::not_trusted: return {Status::bad_gateway, "another server is not who it should be"};
        case Kind::no_content: return {Status::bad_gateway, "content for another server could not be made"};
        case Kind::lost: return {Status::bad_gateway, "the connection to another server was lost"};
        case Kind::malformed: return {Status::bad_gateway, "another server's answer is malformed"};
        case Kind::incomplete: return {Status::bad_gateway, "another server's answer is incomplete"};
        case Kind::too_large: return {Status::bad_gateway, "another server's answer is too large"};
        case Kind::too_many_redirects: return {Status::bad_gateway, "too many redirects by another server"};
        case Kind::timed_out: return {Status::gateway_timeout, "another server did not answer in time"};
        case Kind::no_memory: return {Status::service_unavailable, "memory is short: memory_max"};
        case Kind::stopped: break;
    }
    return {Status::service_unavailable, "the request to another server was stopped"};
}

struct FetchResponse::State {
    // The client outlives the response.
    std::shared_ptr<link::Client> client;
    link::ClientResponse response;
    std::string uri;
    std::size_t content_octets_max;
    std::uint64_t stream_octets_left;
};

FetchResponse::FetchResponse(std::unique_ptr<State> state) : state_(std::move(state)) {}
FetchResponse::FetchResponse(FetchResponse&& other) noexcept = default;
FetchResponse& FetchResponse::operator=(FetchResponse&& other) noexcept = default;
FetchResponse::~FetchResponse() = default;

http::Status FetchResponse::status() const { return state_->response.status(); }
http::Version FetchResponse::version() const { return state_->response.version(); }
std::optional<std::string_view> FetchResponse::field(std::string_view name) const { return fields().find(name); }
const http::FieldSection& FetchResponse::fields() const { return state_->response.fields(); }
std::optional<std::uint64_t> FetchResponse::content_length() const { return state_->response.content_length(); }
const std::string& FetchResponse::uri() const { return state_->uri; }

Task<Fetched<std::string_view>> FetchResponse::read() {
    const link::Answered<std::string_view> octets = co_await state_->response.read_content();
    if (!octets) co_return failed(octets.error());
    if (octets->size() > state_->stream_octets_left) {
        co_return std::unexpected(FetchError{Kind::too_large, "the content is larger than stream_octets_max"});
    }
    state_->stream_octets_left -= octets->size();
    co_return *octets;
}

Task<Fetched<std::string>> FetchResponse::content() {
    link::Answered<std::string> all = co_await state_->response.collect(state_->content_octets_max);
    if (!all) co_return failed(all.error());
    co_return *std::move(all);
}

Task<Fetched<FetchResponse>> fetch(io::Core& core, std::string uri, FetchOptions options) {
    std::expected<std::shared_ptr<link::Client>, std::string> found = Clients::of(core).client_for(core, options);
    if (!found) co_return std::unexpected(FetchError{Kind::misuse, std::move(found.error())});
    std::shared_ptr<link::Client> client = *std::move(found);
    link::ClientRequest request(std::move(uri), std::move(options.method));
    request.fields = std::move(options.fields);
    request.content = std::move(options.content);
    if (options.producer) {
        request.source.emplace();
        request.source->octets = options.producer_octets;
        request.source->producer = [&core, producer = std::move(options.producer)](http::ContentWriter& writer) {
            return produce(core, producer, writer);
        };
    }
    request.ask_first = asking(options.ask_first);
    request.redirects_max = options.redirects_max;
    request.deadline = io::later(core.now(), options.time_max);
    link::Answered<link::ClientResponse> response = co_await client->send(std::move(request));
    if (!response) co_return failed(response.error());
    std::string last = response->uri().text();
    FetchResponse::State state{std::move(client), *std::move(response), std::move(last), options.content_octets_max,
                               options.stream_octets_max};
    co_return FetchResponse(std::make_unique<FetchResponse::State>(std::move(state)));
}

}  // namespace portico
