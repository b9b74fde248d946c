// portico/embed/websocket.cc — see websocket.h.
#include "portico/embed/websocket.h"

#include <algorithm>
#include <string>
#include <utility>

#include "portico/embed/response.h"
#include "portico/embed/tell.h"
#include "portico/embed/websocket_session.h"
#include "portico/http/fields.h"
#include "portico/route/handler.h"
#include "portico/wire/websocket/handshake.h"

namespace portico {
namespace {

// What the WebSockets of a route share.
struct SocketRoute {
    BoundWebSocket bound;
    WebSocketOptions options;
};

// What a client and the server have agreed on.
struct Agreement {
    std::optional<websocket::DeflateParameters> deflate;
    std::string_view subprotocol;  // of the options
};

Task<bool> run_socket(link::Exchange& exchange, std::shared_ptr<const SocketRoute> route, Agreement agreement,
                      http::ContentWriter& writer) {
    WebSocketSession session(exchange, route->options, agreement.deflate, agreement.subprotocol);
    const bool has_closed = co_await session.run(route->bound, writer);
    co_return has_closed;
}

bool is_of_same_origin(std::string_view origin, link::Exchange& exchange) {
    const http::Request& request = exchange.request();
    const auto& forwarded = exchange.notes().forwarded;
    if (!forwarded) return websocket::is_same_origin(origin, request.authority, request.scheme);
    return websocket::is_same_origin(origin, forwarded->host.empty() ? request.authority : forwarded->host,
                                     forwarded->scheme.value_or(request.scheme));
}

bool may_open(link::Exchange& exchange, const WebSocketOptions& options) {
    const http::Request& request = exchange.request();
    const auto origin = request.fields.find(http::FieldName::origin);
    if (!origin) return true;
    if (options.origins.empty()) return is_of_same_origin(*origin, exchange);
    return std::ranges::any_of(options.origins, [&origin](const std::string& allowed) {
        return allowed == "*" || http::equals_ignoring_case(allowed, *origin);
    });
}

Agreement agree(const http::Request& request, const WebSocketOptions& options) {
    Agreement agreement;
    agreement.subprotocol =
        websocket::choose_subprotocol(websocket::list_of(request, "Sec-WebSocket-Protocol"), options.subprotocols);
    if (options.compression != WebSocketCompression::none) {
        const bool is_shared = options.compression == WebSocketCompression::shared;
        agreement.deflate =
            websocket::accept_deflate(websocket::list_of(request, "Sec-WebSocket-Extensions"),
                                      is_shared ? websocket::Context::shared : websocket::Context::each_message);
    }
    return agreement;
}

void refuse(link::Exchange& exchange, const Refusal& refusal) {
    Response(refusal).move_into(exchange);
    if (refusal.status != Status::upgrade_required) return;
    http::FieldSection& fields = exchange.response().fields;
    fields.add(http::FieldName::upgrade, "websocket");  // RFC 9110 §15.5.22
    fields.add(http::FieldName::connection, "Upgrade");
    fields.add("Sec-WebSocket-Version", "13");  // RFC 6455 §4.4
}

// Step 5 of a request for a WebSocket.
class SocketHandler final : public route::Handler {
public:
    explicit SocketHandler(std::shared_ptr<const SocketRoute> route) : route_(std::move(route)) {}

    [[nodiscard]] route::ContentUse content_use() const override { return route::ContentUse::reads; }
    [[nodiscard]] bool answer_at_once(link::Exchange& exchange) override;
    [[nodiscard]] Task<void> answer(link::Exchange& exchange) override {
        static_cast<void>(answer_at_once(exchange));
        co_return;
    }

private:
    std::shared_ptr<const SocketRoute> route_;
};

bool SocketHandler::answer_at_once(link::Exchange& exchange) {
    const http::Request& request = exchange.request();
    const http::Result<void> opening = websocket::check_opening(request, exchange.version());
    if (!opening) {
        refuse(exchange, opening.error());
        return true;
    }
    Request asked(exchange);
    if (!route_->bound.matches(asked)) {
        refuse(exchange, {Status::not_found, "the path's parameters are of other types"});
        return true;
    }
    if (!may_open(exchange, route_->options)) {
        refuse(exchange, {Status::forbidden, "a page of another site opens the WebSocket"});
        return true;
    }
    const Agreement agreement = agree(request, route_->options);
    http::Response& response = exchange.response();
    response.status = Status::ok;
    response.upgrade = "websocket";
    if (request.protocol.empty()) {  // HTTP/1.1
        const std::string key = websocket::list_of(request, "Sec-WebSocket-Key");
        response.add_made("Sec-WebSocket-Accept", websocket::accept_of_key(key));
    }
    if (!agreement.subprotocol.empty()) {
        response.add_made("Sec-WebSocket-Protocol", std::string(agreement.subprotocol));
    }
    if (agreement.deflate) {
        response.add_made("Sec-WebSocket-Extensions", websocket::text_of(*agreement.deflate));
    }
    response.producer = [&exchange, route = route_, agreement](http::ContentWriter& writer) {
        return run_socket(exchange, route, agreement, writer);
    };
    return true;
}

Task<bool> send_nothing() { co_return false; }

bool is_utf8(std::string_view text) {
    websocket::Utf8Reader reader;
    return reader.read(text) && reader.is_complete();
}

}  // namespace

route::ForCore<route::Handler> websocket_handler(BoundWebSocket bound, WebSocketOptions options) {
    auto shared = std::make_shared<const SocketRoute>(SocketRoute{std::move(bound), std::move(options)});
    return [shared](io::Core&) { return std::make_shared<SocketHandler>(shared); };
}

Task<std::optional<WebSocketMessage>> WebSocket::receive() { return session_->receive(); }
Task<bool> WebSocket::send_text(std::string_view text) {
    if (is_utf8(text)) return session_->send(websocket::MessageType::text, std::string(text));
    tell_of_error(core(), "a text for a WebSocket is not UTF-8 and is not sent: use send_binary()");
    return send_nothing();
}
Task<bool> WebSocket::send_binary(std::string_view octets) {
    return session_->send(websocket::MessageType::binary, std::string(octets));
}
Task<void> WebSocket::close(std::uint16_t code, std::string_view reason) {
    return session_->close(code, std::string(reason));
}
void WebSocket::ignore_messages() { session_->ignore_messages(); }
std::uint16_t WebSocket::close_code() const { return static_cast<std::uint16_t>(session_->close_code()); }
std::string_view WebSocket::close_reason() const { return session_->close_reason(); }
std::string_view WebSocket::subprotocol() const { return session_->subprotocol(); }
Request& WebSocket::request() const { return session_->request(); }
io::Core& WebSocket::core() const { return session_->core(); }

}  // namespace portico
