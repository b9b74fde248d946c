// portico/embed/request.h — one request, as a handler sees it.
//
// Room embed: see response.h.
// Threads:   one core's.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "portico/base/task.h"
#include "portico/http/message.h"
#include "portico/http/status.h"
#include "portico/io/address.h"
#include "portico/io/core.h"
#include "portico/io/scope.h"

namespace portico::server {
class Call;
}

namespace portico {

using http::Method;
using http::Refusal;
using http::Status;

// A value, or why the request is not served as asked: hand that on as the handler's own result.
template <class T>
using Result = http::Result<T>;

// What a handler is given. It lives until the handler's task has ended; so do its views.
class Request {
public:
    // `path`: decoded.
    Request(server::Call& call, std::string_view path);
    Request(const Request&) = delete;
    Request& operator=(const Request&) = delete;

    [[nodiscard]] Method method() const { return message_->method; }  // `other`: see method_name()
    // As it was sent, "GET": methods are case-sensitive (RFC 9110 §9.1).
    [[nodiscard]] std::string_view method_name() const { return message_->method_token; }
    // As it was sent: path and query, with their escapes (RFC 9112 §3.2).
    [[nodiscard]] std::string_view target() const { return message_->target; }
    // The target's path, decoded: see http::decode_path(). "*" for a request to the server as a whole (OPTIONS *), and
    // "/" where the path can't be decoded: only middleware sees these two.
    [[nodiscard]] std::string_view path() const { return path_; }
    // The first line of that name; names are case-insensitive.
    [[nodiscard]] std::optional<std::string_view> field(std::string_view name) const;
    // The first parameter of that name in the query, decoded ("+" is a space).
    [[nodiscard]] std::optional<std::string> query(std::string_view name) const;
    // The first cookie of that name, as it was sent: quotation marks are part of the value (RFC 6265 §5.4).
    [[nodiscard]] std::optional<std::string_view> cookie(std::string_view name) const;
    // Who sent it: the connection's other end.
    [[nodiscard]] const io::SocketAddress& peer() const;
    // Where the handler runs: for timers, further connections, offload().
    [[nodiscard]] io::Core& core() const;
    // All that the head says.
    [[nodiscard]] const http::Request& message() const { return *message_; }

    // Who sent the request, once middleware such as basic_auth() has found out; empty before that.
    [[nodiscard]] std::string_view user() const { return user_; }
    // For such middleware: names the user to the handler and to the access log.
    void set_user(std::string name);

    // --- content: read it once, in one of these ways
    // The next octets, valid until the next call; empty at the end.
    // Refusals: 400 it is framed wrongly, or the client left; 408 it came too slowly; 413 more than the server's limit
    // or limit_content() allow.
    [[nodiscard]] Task<Result<std::string_view>> read();
    // All of it. Refusals: the same, and 413 more than `octets_max`: at once, and unread, where that is announced.
    [[nodiscard]] Task<Result<std::string>> content(std::size_t octets_max = std::size_t{1} << 20);
    // From now on read() and content() refuse more than `octets` in all with 413. Of several limits the smallest
    // counts.
    void limit_content(std::uint64_t octets);

    // --- for middleware
    // Tasks that may go on although the response has been made, as a handler inside offload() whose time is over. They
    // may refer to the request. The response is sent without waiting for them; then they are asked to stop, and the
    // connection waits for them before it goes on.
    [[nodiscard]] io::Scope& unfinished() { return unfinished_; }

    // --- for the routes
    // Views of path(), in the order of the pattern.
    void set_parameters(std::vector<std::string_view> values) { parameters_ = std::move(values); }
    // What stood in the place of the pattern's first, second … parameter.
    [[nodiscard]] const std::vector<std::string_view>& parameters() const { return parameters_; }
    // The request as the server's connection knows it.
    [[nodiscard]] server::Call& call() const { return *call_; }

private:
    server::Call* call_;
    const http::Request* message_;
    std::string_view path_;
    std::vector<std::string_view> parameters_;
    std::string user_;
    std::uint64_t content_octets_ = 0;  // read so far
    std::uint64_t content_octets_max_ = std::numeric_limits<std::uint64_t>::max();
    io::Scope unfinished_;  // last: it is destroyed first
};

// Decodes what a form or a query holds: "+" is a space, "%41" an "A". A "%" that escapes nothing stays.
[[nodiscard]] std::string decode_form(std::string_view text);
// Takes the next pair of "a=1&b=2" from its front, as it is; false at the end. Empty pairs are passed over.
[[nodiscard]] bool next_in_form(std::string_view& form, std::string_view& name, std::string_view& value);
// The first value of that name in "a=1&b=2", decoded.
[[nodiscard]] std::optional<std::string> find_in_form(std::string_view form, std::string_view name);
// Appends `text` with every octet escaped that is not one of RFC 3986 §2.3's unreserved: it is then one segment of a
// path, or one name or value of a query.
void append_percent_encoded(std::string& out, std::string_view text);
// Appends "name=value", encoded, with an "&" or nothing before it: for building queries and forms.
void append_to_form(std::string& form, std::string_view name, std::string_view value);

}  // namespace portico
