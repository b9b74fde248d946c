// portico/link/client.cc — see client.h.
#include "portico/link/client.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "portico/base/printable.h"
#include "portico/http/fields.h"
#include "portico/io/core.h"
#include "portico/io/net/resolve.h"
#include "portico/link/beginning.h"
#include "portico/link/shake_hands.h"
#include "portico/version.h"
#include "portico/wire/h1/authority.h"

namespace portico::link {
namespace {

using http::FieldName;
using http::Method;
using http::Status;
using Kind = Failure::Kind;
using Fields = std::vector<std::pair<std::string, std::string>>;

// The content of a redirect that is read so that its connection can be kept, in octets.
constexpr std::size_t skipped_octets_max = 64 * 1024;

// AskFirst::if_large: the largest content that is sent unasked, in octets.
constexpr std::uint64_t unasked_octets_max = 1024 * 1024;

// How often a request is sent again because a server refuses it.
constexpr unsigned refusals_max = 3;

constexpr const char* content_is_gone = "the request would have to be sent again, but its content cannot be made again";

std::unexpected<Failure> fail(Kind kind, std::string message) {
    return std::unexpected(Failure{kind, std::move(message)});
}

std::string origin_of(const TargetUri& uri) {
    return (uri.scheme == http::Scheme::https ? "https://" : "http://") + uri.host + " " + std::to_string(uri.port);
}

// RFC 9110 §9.2.2
bool is_idempotent(Method method) {
    switch (method) {
        case Method::get:
        case Method::head:
        case Method::put:
        case Method::delete_:
        case Method::options:
        case Method::trace: return true;
        case Method::post:
        case Method::connect:
        case Method::patch:
        case Method::other: break;
    }
    return false;
}

// The connection broke, rather than that it brought something wrong, or nothing in time.
bool is_broken(const Failure& failure) {
    return failure.kind == Kind::no_answer || failure.kind == Kind::not_received || failure.kind == Kind::not_sent;
}

void erase(Fields& fields, std::initializer_list<FieldName> names) {
    std::erase_if(fields,
                  [&](const auto& field) { return std::ranges::count(names, http::recognise(field.first)) > 0; });
}

const std::string* find(const Fields& fields, FieldName name) {
    const auto found =
        std::ranges::find_if(fields, [name](const auto& field) { return http::recognise(field.first) == name; });
    return found == fields.end() ? nullptr : &found->second;
}

// Why a field can't be sent; empty if it can.
std::string trouble_with(const std::pair<std::string, std::string>& field) {
    const auto& [name, value] = field;
    if (!http::is_token(name)) return "'" + printable(name) + "' is not the name of a field";
    if (!http::is_field_value(value) || http::trim(value) != value) {
        return "the value of " + name + " has white space at an end, or a control character";
    }
    switch (http::recognise(name)) {
        case FieldName::content_length:
        case FieldName::expect:
        case FieldName::keep_alive:
        case FieldName::proxy_connection:
        case FieldName::te:
        case FieldName::trailer:
        case FieldName::transfer_encoding:
        case FieldName::upgrade: return name + " is set by the client itself";
        case FieldName::connection:
            return http::equals_ignoring_case(value, "close") ? "" : "Connection can only be \"close\"";
        case FieldName::host: return h1::is_authority(value, h1::Port::optional) ? "" : "Host is not a host and a port";
        default: return {};
    }
}

std::string trouble_with(const ClientRequest& request) {
    if (!http::is_token(request.method)) return "'" + printable(request.method) + "' is not a method";
    if (request.method == "CONNECT") return "a client has no tunnels: CONNECT";
    const auto is_host = [](const auto& field) { return http::recognise(field.first) == FieldName::host; };
    if (std::ranges::count_if(request.fields, is_host) > 1) return "there are two values of Host";
    for (const auto& field : request.fields) {
        std::string trouble = trouble_with(field);
        if (!trouble.empty()) return trouble;
    }
    return {};
}

// RFC 9110 §15.4: where the response leads to; nothing if it is not followed.
std::optional<std::string_view> redirect_of(const ClientResponse& response) {
    switch (response.status()) {
        case Status::moved_permanently:
        case Status::found:
        case Status::see_other:
        case Status::temporary_redirect:
        case Status::permanent_redirect: return response.fields().find(FieldName::location);
        default: return std::nullopt;
    }
}

}  // namespace

struct Client::Journey {
    ClientRequest request;
    TargetUri uri;
    Method method = Method::get;
    Timeline timeline;

    std::shared_ptr<const ClientResponse::Content> content;  // null: none
    bool is_content_untouched = false;                       // by the last attempt
    bool has_met_refusal = false;                            // of the question whether content is wanted: 417

    // Whether it can be sent again from its beginning.
    [[nodiscard]] bool can_repeat() const {
        return content == nullptr || !content->source || is_content_untouched ||
               content->source->repeat == ContentSource::Repeat::possible;
    }
    // Whether the server is asked first: never without content (RFC 9110 §10.1.1).
    [[nodiscard]] bool asks_first() const {
        if (content == nullptr || has_met_refusal) return false;
        const std::optional<std::uint64_t> octets =
            content->octets ? std::optional<std::uint64_t>(content->octets->size()) : content->source->octets;
        switch (request.ask_first) {
            case AskFirst::if_large: return !octets || *octets > unasked_octets_max;
            case AskFirst::always: return octets != 0U;
            case AskFirst::never: break;
        }
        return false;
    }
    [[nodiscard]] h1::Persistence persistence() const {
        return find(request.fields, FieldName::connection) == nullptr ? h1::Persistence::keep : h1::Persistence::close;
    }
    // RFC 9110 §15.4.2 to §15.4.4, §15.4: what is not for another method or origin is taken out.
    void redirect(Status status, TargetUri to) {
        const bool is_rewritten =
            status == Status::see_other
                ? method != Method::head
                : method == Method::post && (status == Status::moved_permanently || status == Status::found);
        if (is_rewritten) {
            method = Method::get;
            request.method = "GET";
            content.reset();
            erase(request.fields, {FieldName::content_type, FieldName::content_encoding, FieldName::content_language,
                                   FieldName::content_location});
        }
        // Credentials in a Location come from the server, not from the user.
        to.credentials.reset();
        if (to.has_origin_of(uri)) {
            to.credentials = std::move(uri.credentials);
        } else {
            erase(request.fields,
                  {FieldName::authorization, FieldName::cookie, FieldName::proxy_authorization, FieldName::host});
        }
        uri = std::move(to);
    }
};

struct Client::Attempt {
    Answered<ClientResponse> response;
    bool has_received = false;  // an octet of an answer
    bool is_refused = false;    // see H2OutboundExchange::is_refused()
    bool was_h2 = false;
};

Client::Client(io::Core& core, ClientOptions options)
    : core_(&core),
      options_(std::move(options)),
      idle_(core, options_.idle),
      h2_(core, options_.limits, options_.idle) {
    if (options_.user_agent.empty()) options_.user_agent = "portico/" PORTICO_VERSION_STRING;
}

SpokenVersion Client::version_for(const TargetUri& uri) const {
    return h2_.must_speak_h1(origin_of(uri)) ? SpokenVersion::http_1_1 : options_.version;
}

Task<void> Client::close() {
    h2_.end();
    co_await idle_.close();
    co_await h2_.ended();
}

Task<Answered<ClientResponse>> Client::send(ClientRequest request) {
    std::string trouble = trouble_with(request);
    if (!trouble.empty()) co_return fail(Kind::misuse, std::move(trouble));
    std::expected<TargetUri, std::string> uri = parse_target_uri(request.uri);
    if (!uri) co_return fail(Kind::misuse, "'" + printable(request.uri) + "' cannot be requested: " + uri.error());
    const Method method = http::recognise_method(request.method);
    Journey journey{
        .request = std::move(request), .uri = *std::move(uri), .method = method, .timeline = {}, .content = nullptr};
    // RFC 9110 §8.6: a length of zero, where the method expects content.
    const bool expects_content = method == Method::post || method == Method::put || method == Method::patch;
    ClientResponse::Content content{std::move(journey.request.content), std::move(journey.request.source)};
    if (expects_content && !content.octets && !content.source) content.octets.emplace();
    if (content.octets || content.source) {
        journey.content = std::make_shared<const ClientResponse::Content>(std::move(content));
    }
    journey.timeline.began = core_->now();
    for (unsigned redirects = 0;; ++redirects) {
        Answered<ClientResponse> response = co_await travel(journey);
        if (!response || journey.request.redirects_max == 0) co_return std::move(response);
        const std::optional<std::string_view> location = redirect_of(*response);
        if (!location) co_return std::move(response);
        if (redirects == journey.request.redirects_max) {
            co_return fail(Kind::too_many_redirects, "more than " + std::to_string(redirects) + " redirects");
        }
        std::expected<TargetUri, std::string> to = resolve_reference(journey.uri, *location);
        if (!to) {
            co_return fail(Kind::malformed,
                           "the server redirects to '" + printable(*location) + "', but " + to.error());
        }
        const Status status = response->status();
        co_await skip_content(*response);
        journey.redirect(status, *std::move(to));
        if (!journey.can_repeat()) co_return fail(Kind::not_repeatable, content_is_gone);
        if (journey.request.watcher != nullptr) journey.request.watcher->redirected(journey.uri);
    }
}

// Sends the request once, or twice if a kept connection breaks.
Task<Answered<ClientResponse>> Client::travel(Journey& journey) {
    const Fields& fields = journey.request.fields;
    ClientWatcher* const watcher = journey.request.watcher;
    std::string authorization;
    if (journey.uri.credentials) authorization = http::basic_authorization(*journey.uri.credentials);
    http::Request message;
    message.method = journey.method;
    message.method_token = journey.request.method;
    message.target = journey.uri.target;
    const std::string* const host = find(fields, FieldName::host);
    message.authority = host == nullptr ? journey.uri.authority : *host;
    if (find(fields, FieldName::user_agent) == nullptr) message.fields.add(FieldName::user_agent, options_.user_agent);
    if (find(fields, FieldName::accept) == nullptr) message.fields.add(FieldName::accept, "*/*");
    const bool has_own = find(fields, FieldName::authorization) != nullptr;
    if (!authorization.empty() && !has_own) message.fields.add(FieldName::authorization, authorization);
    for (const auto& [name, value] : fields) {
        const FieldName known = http::recognise(name);
        if (known != FieldName::host && known != FieldName::connection) message.fields.add(name, value);
    }
    unsigned refusals = 0;
    for (bool may_reuse = true;;) {
        Answered<Way> way = co_await find_way(journey, may_reuse);
        if (!way) co_return std::unexpected(std::move(way.error()));
        const bool is_kept = way->is_kept;
        if (is_kept) {
            journey.timeline.resolved = journey.timeline.connected = journey.timeline.secured = std::nullopt;
            if (watcher != nullptr) watcher->reusing();
        }
        Attempt tried = co_await attempt(journey, message, *std::move(way));
        if (tried.response && tried.response->status() == Status::expectation_failed && journey.asks_first() &&
            journey.can_repeat()) {
            // RFC 9110 §15.5.18: it may be a gateway that knows no expectations.
            journey.has_met_refusal = true;
            co_await skip_content(*tried.response);
            continue;
        }
        if (tried.response) co_return std::move(tried.response);
        const bool is_unprocessed = tried.is_refused && refusals++ < refusals_max;
        const bool has_fallen_back = tried.was_h2 && version_for(journey.uri) == SpokenVersion::http_1_1;
        const bool is_lost = (is_kept || has_fallen_back) && !tried.is_refused && !tried.has_received &&
                             is_broken(tried.response.error());
        if (!is_unprocessed && !(is_lost && is_idempotent(journey.method))) co_return std::move(tried.response);
        if (!journey.can_repeat()) co_return fail(Kind::not_repeatable, content_is_gone);
        may_reuse = is_unprocessed;
    }
}

Task<Client::Attempt> Client::attempt(Journey& journey, const http::Request& message, Way way) {
    Outgoing outgoing;
    if (journey.content != nullptr && journey.content->octets) outgoing.content = *journey.content->octets;
    if (journey.content != nullptr && journey.content->source) {
        outgoing.producer = &journey.content->source->producer;
        outgoing.produced_octets = journey.content->source->octets;
    }
    outgoing.asks_first = journey.asks_first();
    http::Request asking;
    if (outgoing.asks_first) {
        asking = message;
        asking.fields.add(FieldName::expect, "100-continue");
    }
    const http::Request& sent = outgoing.asks_first ? asking : message;
    outgoing.persistence = journey.persistence();
    outgoing.deadline = journey.request.deadline;
    outgoing.watcher = journey.request.watcher;
    ClientResponse response(*this, journey.uri);
    response.timeline_ = journey.timeline;
    response.content_ = journey.content;
    if (way.h2 != nullptr) {
        response.exchange_ = std::make_unique<H2OutboundExchange>(*way.h2);
        H2OutboundExchange& exchange = *response.exchange_;
        const Answered<http::Version> version = co_await exchange.exchange(sent, outgoing, response.message_);
        journey.is_content_untouched = exchange.is_content_untouched();
        Attempt tried{std::unexpected(Failure{}), exchange.has_received(), exchange.is_refused(), true};
        if (!version) tried.response = std::unexpected(version.error());
        if (version) tried.response = response.begin(*version);
        co_return tried;
    }
    response.connection_ = std::move(way.h1);
    H1Outbound& connection = *response.connection_;
    const Answered<http::Version> version = co_await connection.exchange(sent, outgoing, response.message_);
    journey.is_content_untouched = connection.is_content_untouched();
    Attempt tried{std::unexpected(Failure{}), connection.has_received()};
    if (!version) tried.response = std::unexpected(version.error());
    if (version) tried.response = response.begin(*version);
    co_return tried;
}

// A connection that is open already, or a new one. While another request opens the first connection to an origin, this
// one waits, because HTTP/2 could carry both.
Task<Answered<Client::Way>> Client::find_way(Journey& journey, bool may_reuse) {
    const std::string origin = origin_of(journey.uri);
    Way way;
    if (may_reuse) {
        const SpokenVersion version = version_for(journey.uri);
        way.h2 = h2_.find(origin);
        if (way.h2 == nullptr) way.h1 = co_await reuse(journey.uri);
        const bool may_share = journey.uri.scheme == http::Scheme::https
                                   ? version != SpokenVersion::http_1_1
                                   : version == SpokenVersion::http_2_prior_knowledge;
        if (way.h1 == nullptr && way.h2 == nullptr && may_share) {
            const io::TimePoint latest = io::later(core_->now(), options_.limits.connect_time_max);
            way.h2 = co_await h2_.await(origin, std::min(journey.request.deadline, latest));
        }
        way.is_kept = way.h1 != nullptr || way.h2 != nullptr;
        if (way.is_kept) co_return std::move(way);
    }
    H2Connections::Opening opening(h2_, origin);
    Answered<Way> opened = co_await open(journey);
    if (opened) opening.succeeded(opened->h2 == nullptr ? http::Version::http_1_1 : http::Version::http_2);
    co_return std::move(opened);
}

Task<std::unique_ptr<H1Outbound>> Client::reuse(const TargetUri& uri) {
    const std::string origin = origin_of(uri);
    for (;;) {
        std::unique_ptr<H1Outbound> connection = idle_.take(origin);
        if (connection == nullptr) co_return nullptr;
        const bool is_alive = co_await connection->is_alive();
        if (is_alive) co_return std::move(connection);
    }
}

Task<Answered<Client::Way>> Client::open(Journey& journey) {
    Timeline& timeline = journey.timeline;
    timeline.resolved.reset();
    timeline.secured.reset();
    ClientWatcher* const watcher = journey.request.watcher;
    Answered<io::Connected> connected = co_await connect(journey);
    if (!connected) co_return std::unexpected(std::move(connected.error()));
    timeline.connected = core_->now();
    if (watcher != nullptr) watcher->connected(connected->peer);
    connected->stream.set_no_delay();
    Transport transport(std::move(connected->stream));
    if (journey.uri.scheme == http::Scheme::https) {
        std::optional<Failure> trouble = co_await protect(journey, transport);
        if (trouble) co_return std::unexpected(*std::move(trouble));
        timeline.secured = core_->now();
        if (watcher != nullptr) watcher->secured(*transport.session());
    }
    Way way;
    const tls::Session* const session = transport.session();
    const bool is_h2 = session == nullptr ? version_for(journey.uri) == SpokenVersion::http_2_prior_knowledge
                                          : has_chosen_h2(*session);
    if (is_h2) {
        way.h2 = &h2_.add(origin_of(journey.uri), std::move(transport));
        if (!way.h2->has_room()) co_return fail(Kind::no_memory, "memory is short");  // not even for the preface
    } else {
        way.h1 = std::make_unique<H1Outbound>(std::move(transport), options_.limits);
    }
    co_return std::move(way);
}

Task<Answered<io::Connected>> Client::connect(Journey& journey) {
    const io::TimePoint latest = io::later(core_->now(), options_.limits.connect_time_max);
    const io::TimePoint deadline = std::min(journey.request.deadline, latest);
    const io::Endpoint own(io::EndpointScheme::tcp, journey.uri.host, journey.uri.port);
    const io::Endpoint& there = options_.connect_to ? *options_.connect_to : own;
    std::vector<io::SocketAddress> peers;
    if (there.scheme == io::EndpointScheme::unix_stream) {
        peers.push_back(io::SocketAddress::unix_path_of(there.path));
    } else {
        auto resolved = co_await io::resolve(*core_, there.host, there.port, options_.family, deadline);
        if (!resolved) {
            const bool is_late = resolved.error().kind == io::ResolveError::Kind::timed_out;
            const bool is_stopped = resolved.error().kind == io::ResolveError::Kind::stopped;
            const Kind kind = is_late ? Kind::timed_out : is_stopped ? Kind::stopped : Kind::not_resolved;
            co_return fail(kind, std::move(resolved.error().message));
        }
        peers = io::interleave(*std::move(resolved));
        journey.timeline.resolved = core_->now();
    }
    io::ConnectOptions options(deadline);
    options.watcher = journey.request.watcher;
    io::ConnectResult connected = co_await io::connect_to_any(*core_, std::move(peers), options);
    if (connected) co_return *std::move(connected);
    const int number = connected.error().number;
    if (number == ECANCELED) co_return fail(Kind::stopped, "stopped");
    const std::string where = "cannot connect to " + printable(there.text()) + ": ";
    if (number == ETIMEDOUT) co_return fail(Kind::timed_out, where + "no answer in time");
    co_return fail(Kind::not_connected, where + std::strerror(number));
}

Task<std::optional<Failure>> Client::protect(Journey& journey, Transport& transport) {
    const bool is_h1 = version_for(journey.uri) == SpokenVersion::http_1_1;
    Trust& trust = is_h1 ? h1_trust_ : trust_;
    if (trust == nullptr) {
        // Reading the system's authorities takes tens of milliseconds.
        tls::ClientTlsOptions options = options_.tls;
        options.applications = {"http/1.1"};
        if (!is_h1) options.applications.insert(options.applications.begin(), "h2");
        auto work = [&options] { return tls::ClientContext::open(options); };
        auto opened = co_await io::offload(*core_, work);
        if (!opened) co_return Failure{Kind::stopped, "stopped"};
        if (!*opened) co_return Failure{Kind::misuse, std::move(opened->error())};
        trust = **std::move(opened);
    }
    auto session = trust->make_session(journey.uri.host, core_->buffers());
    if (!session) co_return Failure{Kind::not_secured, std::move(session.error())};
    transport.protect(*std::move(session));
    const io::TimePoint latest = io::later(core_->now(), options_.limits.handshake_time_max);
    const io::TimePoint deadline = std::min(journey.request.deadline, latest);
    std::optional<Failure> trouble = co_await shake_hands(transport, printable(journey.uri.authority), deadline);
    co_return std::move(trouble);
}

Task<void> Client::skip_content(ClientResponse& response) {
    for (std::size_t skipped = 0; skipped < skipped_octets_max;) {
        const Answered<std::string_view> octets = co_await response.read_content();
        if (!octets || octets->empty()) co_return;
        skipped += octets->size();
    }
}

Task<Answered<std::string_view>> ClientResponse::read_content() {
    if (is_released()) co_return std::string_view();
    Answered<std::string_view> octets = std::string_view();
    if (exchange_ != nullptr) {
        octets = co_await exchange_->read_content();
    } else {
        octets = co_await connection_->read_content();
    }
    if (octets && octets->empty()) release();
    co_return std::move(octets);
}

// The head has arrived.
ClientResponse ClientResponse::begin(http::Version version) {
    version_ = version;
    timeline_.sent = exchange_ != nullptr ? exchange_->sent() : connection_->sent();
    timeline_.first_octet = exchange_ != nullptr ? exchange_->first_octet() : connection_->first_octet();
    const bool is_at_end = exchange_ != nullptr ? exchange_->is_at_end() : connection_->is_at_end();
    if (is_at_end) release();
    return std::move(*this);
}

// The content has been read to its end.
void ClientResponse::release() {
    timeline_.last_octet = client_->core_->now();
    content_.reset();
    if (exchange_ != nullptr) {
        timeline_.sent = exchange_->sent();
        head_ = exchange_->take_head();
        exchange_.reset();
        return;
    }
    timeline_.sent = connection_->sent();
    const bool can_go_on = connection_->can_go_on();
    head_ = connection_->take_head();
    if (can_go_on) {
        client_->idle_.keep(origin_of(uri_), std::move(connection_));
    } else {
        client_->idle_.dismiss(std::move(connection_));
    }
}

Task<Answered<std::string>> ClientResponse::collect(std::size_t octets_max) {
    const std::optional<std::uint64_t> length = content_length();
    if (!is_released() && length && *length > octets_max) {
        co_return fail(Kind::too_large, "the content has " + std::to_string(*length) + " bytes, more than " +
                                            std::to_string(octets_max));
    }
    std::string content;
    for (;;) {
        const Answered<std::string_view> octets = co_await read_content();
        if (!octets) co_return std::unexpected(octets.error());
        if (octets->empty()) co_return std::move(content);
        if (octets->size() > octets_max - content.size()) {
            co_return fail(Kind::too_large, "the content has more than " + std::to_string(octets_max) + " bytes");
        }
        content.append(*octets);
    }
}

}  // namespace portico::link
