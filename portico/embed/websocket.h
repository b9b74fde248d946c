// portico/embed/websocket.h — WebSockets (RFC 6455): messages in both directions over one connection.
//
//   portico::Task<void> echo(portico::WebSocket& socket) {
//       for (;;) {
//           const auto message = co_await socket.receive();
//           if (!message) co_return;
//           const bool sent = co_await socket.send_text(message->content());
//           if (!sent) co_return;
//       }
//   }
//   server.websocket("/echo", echo);
//
// Room embed: see response.h.
// Threads:   one core's.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "portico/base/task.h"
#include "portico/embed/request.h"
#include "portico/embed/route.h"
#include "portico/route/for_core.h"

namespace portico::route {
class Handler;
}

namespace portico {

class WebSocketSession;

// Whether messages are compressed, if the client can do that (permessage-deflate, RFC 7692).
enum class WebSocketCompression : std::uint8_t {
    none,
    each_message,  // each for itself: an idle connection needs no memory for it
    shared,        // with what was sent before, which makes small messages smaller; about 300 KiB for each connection
};

// How a route's WebSockets are opened, and what one client may use. The reason why one was ended is in the access log.
class WebSocketOptions {
public:
    WebSocketOptions() {}  // NOLINT(modernize-use-equals-default): see Options

    // The web sites whose pages may open it: "https://example.org". Browsers send cookies whatever page asks, so a
    // foreign page could act as the user. Empty: the site of the request's own host only. "*": every site. Clients that
    // are no browsers send no Origin and are not restricted. Others get 403.
    std::vector<std::string> origins;
    // The subprotocols that the program speaks (Sec-WebSocket-Protocol). The client's first choice among them is taken;
    // if it has none of them, there is no subprotocol.
    std::vector<std::string> subprotocols;
    WebSocketCompression compression = WebSocketCompression::each_message;

    // Octets of a message from the client, after decompression: it is closed with 1009.
    std::size_t message_octets_max = std::size_t{1} << 20;
    // Frames of one message: 1008.
    std::size_t frames_max = 16 * 1024;
    // Pings and pongs from the client per second, on average: 1008. Twice as many may come at once.
    std::size_t control_frames_max = 100;
    // From the first octets of a message to its last: 1008.
    std::chrono::milliseconds message_time_max{60'000};
    // If nothing has been received for this long, the server sends a ping.
    std::chrono::milliseconds ping_after{30'000};
    // How long the client may then send nothing at all. The connection is reset.
    std::chrono::milliseconds pong_time_max{20'000};
    // How long a client may take to answer a close frame; and how long a handler may go on once its client has gone.
    std::chrono::milliseconds close_time_max{5'000};
};

// A message that was received.
class WebSocketMessage {
public:
    // Of the content (RFC 6455 §5.6).
    enum class Type : std::uint8_t { text, binary };
    // For the library itself.
    WebSocketMessage(Type type, std::string content) : type_(type), content_(std::move(content)) {}

    // Whether it was sent as text, not as binary data.
    [[nodiscard]] bool is_text() const { return type_ == Type::text; }
    // A text is valid UTF-8.
    [[nodiscard]] const std::string& content() const& { return content_; }
    [[nodiscard]] std::string content() && { return std::move(content_); }

private:
    Type type_;
    std::string content_;
};

// One client's WebSocket, the argument of a handler. It lives until the handler's task has ended.
//
// The client's pings are answered, also while the handler does something else, and so is its close frame. One message
// is received ahead; further ones wait at the client until the handler has taken it.
//
// One task at a time may receive. Any number may send at the same time, one message after another.
//
// When the client has closed or gone, receive() returns nothing. If it has closed, messages still reach it until then.
// The handler has close_time_max to return; after that it is destroyed at the point where it waits. If the client has
// gone without a word while the handler waits for something else, the handler is destroyed there at once, as other
// handlers are.
class WebSocket {
public:
    // For the library itself.
    explicit WebSocket(WebSocketSession& session) : session_(&session) {}
    WebSocket(const WebSocket&) = delete;
    WebSocket& operator=(const WebSocket&) = delete;

    // The next message; nothing once the client has closed or gone, or the server stops.
    [[nodiscard]] Task<std::optional<WebSocketMessage>> receive();
    // Sends a message, and returns once the kernel has taken it; false if the client has closed or gone. The argument
    // need not outlive the call. A text that is not UTF-8 is not sent, with a sentence on standard error.
    [[nodiscard]] Task<bool> send_text(std::string_view text);
    [[nodiscard]] Task<bool> send_binary(std::string_view octets);
    // Closes with this code (RFC 6455 §7.4) and reason, which has at most 123 octets, and waits until the client has
    // answered. Messages that arrive meanwhile are dropped. A handler that returns closes with 1000, one that throws
    // with 1011, and a server that stops with 1001.
    [[nodiscard]] Task<void> close(std::uint16_t code = 1000, std::string_view reason = {});
    // From now on, messages are dropped as they come: for a handler that only sends, and is to be destroyed at the
    // point where it waits as soon as its client has closed or gone.
    void ignore_messages();

    // The code with which the client has closed, once receive() has returned nothing; 1005: without a code, 1006: it
    // has gone without a word, and another one if it has broken a rule.
    [[nodiscard]] std::uint16_t close_code() const;
    // The client's reason, which may be empty.
    [[nodiscard]] std::string_view close_reason() const;
    // Which of WebSocketOptions::subprotocols is spoken; empty: none.
    [[nodiscard]] std::string_view subprotocol() const;
    // The request with which it was opened. It has no content.
    [[nodiscard]] Request& request() const;
    // The core that the handler runs on: for timers, further connections and offload().
    [[nodiscard]] io::Core& core() const;

private:
    WebSocketSession* session_;
};

// A handler after bind_websocket(). Every core calls it.
struct BoundWebSocket {
    std::function<bool(Request& request)> matches;     // whether the path's parameters have the handler's types
    std::function<Task<void>(WebSocket& socket)> run;  // the handler, once they do
};

namespace detail {

template <class Handler>
class BoundSocketHandler : private BoundArguments<Handler, WebSocket> {
    using Base = BoundArguments<Handler, WebSocket>;

public:
    using Base::Base;

    bool matches(const Request& request) const {
        typename Base::Values values;
        return Base::take(values, request, nullptr, Base::indices);
    }
    Task<void> run(WebSocket& socket) {
        typename Base::Values values;
        static_cast<void>(Base::take(values, socket.request(), &socket, Base::indices));
        return Base::call(values, Base::indices);
    }
};

}  // namespace detail

// Binds a handler's arguments: path parameters in the order of the path, and WebSocket& in any place. It returns a
// Task<void>.
template <class Handler>
BoundWebSocket bind_websocket(Handler handler) {
    BoundWebSocket bound;
    if constexpr (!detail::Callable<Handler>) {
        static_assert(detail::never<Handler>,
                      "a handler must be a function or a lambda whose parameter types are written out");
    } else if constexpr (std::is_member_function_pointer_v<Handler>) {
        static_assert(detail::never<Handler>,
                      "a member function needs its object: pass it as one more argument, after the function");
    } else {
        using Known = detail::Signature<Handler>;
        using Count = detail::Count<typename Known::Arguments>;
        constexpr bool is_known = Count::all_known && Count::contents == 0 && Count::requests == 0;
        if constexpr (!is_known || Count::sockets != 1 || !Known::can_be_called) {
            static_assert(detail::never<Handler>,
                          "a handler of WebSockets must take WebSocket&, and path parameters (numbers, strings) by "
                          "value");
        } else if constexpr (!std::same_as<typename Known::Returned, Task<void>>) {
            static_assert(detail::never<Handler>, "a handler of WebSockets must return a Task<void>");
        } else {
            auto own = std::make_shared<detail::BoundSocketHandler<Handler>>(std::move(handler));
            bound.matches = [own](Request& request) { return own->matches(request); };
            bound.run = [own](WebSocket& socket) { return own->run(socket); };
        }
    }
    return bound;
}

// For the routes: what answers requests for a WebSocket.
[[nodiscard]] route::ForCore<route::Handler> websocket_handler(BoundWebSocket bound, WebSocketOptions options);

}  // namespace portico
