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
            request.content.reset();
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

Client::Client(io::Core& core, ClientOptions options)
    : core_(&core), options_(std::move(options)), idle_(core, options_.idle) {
    if (options_.user_agent.empty()) options_.user_agent = "portico/" PORTICO_VERSION_STRING;
    options_.tls.applications = {"http/1.1"};
}

Task<Answered<ClientResponse>> Client::send(ClientRequest request) {
    std::string trouble = trouble_with(request);
    if (!trouble.empty()) co_return fail(Kind::misuse, std::move(trouble));
    std::expected<TargetUri, std::string> uri = parse_target_uri(request.uri);
    if (!uri) co_return fail(Kind::misuse, "'" + printable(request.uri) + "' cannot be requested: " + uri.error());
    const Method method = http::recognise_method(request.method);
    Journey journey{.request = std::move(request), .uri = *std::move(uri), .method = method, .timeline = {}};
    // RFC 9110 §8.6: a length of zero, where the method expects content.
    const bool expects_content = method == Method::post || method == Method::put || method == Method::patch;
    if (expects_content && !journey.request.content) journey.request.content.emplace();
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
    for (bool may_reuse = true;; may_reuse = false) {
        std::unique_ptr<H1Outbound> connection;
        if (may_reuse) connection = co_await reuse(journey.uri);
        const bool is_kept = connection != nullptr;
        if (is_kept) {
            journey.timeline.resolved = journey.timeline.connected = journey.timeline.secured = std::nullopt;
            if (watcher != nullptr) watcher->reusing();
        } else {
            Answered<std::unique_ptr<H1Outbound>> opened = co_await open(journey);
            if (!opened) co_return std::unexpected(std::move(opened.error()));
            connection = *std::move(opened);
        }
        Outgoing outgoing;
        if (journey.request.content) outgoing.content = *journey.request.content;
        outgoing.persistence = journey.persistence();
        outgoing.deadline = journey.request.deadline;
        outgoing.watcher = watcher;
        ClientResponse response(*this, journey.uri);
        const Answered<http::Version> version = co_await connection->exchange(message, outgoing, response.message_);
        if (!version) {
            const bool is_first = !connection->has_received() && is_broken(version.error());
            if (is_kept && is_first && is_idempotent(journey.method)) continue;
            co_return std::unexpected(version.error());
        }
        response.version_ = *version;
        response.timeline_ = journey.timeline;
        response.timeline_.sent = connection->sent();
        response.timeline_.first_octet = connection->first_octet();
        response.connection_ = std::move(connection);
        if (response.connection_->is_at_end()) response.release();
        co_return std::move(response);
    }
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

Task<Answered<std::unique_ptr<H1Outbound>>> Client::open(Journey& journey) {
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
    co_return std::make_unique<H1Outbound>(std::move(transport), options_.limits);
}

Task<Answered<io::Connected>> Client::connect(Journey& journey) {
    const io::TimePoint latest = io::later(core_->now(), options_.limits.connect_time_max);
    const io::TimePoint deadline = std::min(journey.request.deadline, latest);
    const io::Endpoint own(io::Transport::tcp, journey.uri.host, journey.uri.port);
    const io::Endpoint& there = options_.connect_to ? *options_.connect_to : own;
    std::vector<io::SocketAddress> peers;
    if (there.transport == io::Transport::unix_stream) {
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
    if (trust_ == nullptr) {
        // Reading the system's authorities takes tens of milliseconds.
        const tls::ClientTlsOptions& options = options_.tls;
        auto work = [&options] { return tls::ClientContext::open(options); };
        auto opened = co_await io::offload(*core_, work);
        if (!opened) co_return Failure{Kind::stopped, "stopped"};
        if (!*opened) co_return Failure{Kind::misuse, std::move(opened->error())};
        trust_ = **std::move(opened);
    }
    auto session = trust_->make_session(journey.uri.host, core_->buffers());
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
    if (connection_ == nullptr) co_return std::string_view();
    Answered<std::string_view> octets = co_await connection_->read_content();
    if (octets && octets->empty()) release();
    co_return std::move(octets);
}

// The content has been read to its end.
void ClientResponse::release() {
    timeline_.last_octet = client_->core_->now();
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
    if (connection_ != nullptr && length && *length > octets_max) {
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
