// portico/http/message.h — one request and one response, in any version of HTTP (RFC 9110 §6).
//
// Room http: see status.h.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "portico/base/fd.h"
#include "portico/base/task.h"
#include "portico/http/fields.h"
#include "portico/http/status.h"

namespace portico::http {

// RFC 9110 §9; PATCH is RFC 5789. A token that is none of these is `other`.
enum class Method : std::uint8_t {
    get,      // RFC 9110 §9.3.1
    head,     // RFC 9110 §9.3.2
    post,     // RFC 9110 §9.3.3
    put,      // RFC 9110 §9.3.4
    delete_,  // RFC 9110 §9.3.5
    connect,  // RFC 9110 §9.3.6
    options,  // RFC 9110 §9.3.7
    trace,    // RFC 9110 §9.3.8
    patch,    // RFC 5789 §2
    other,    // Request::method_token says which
};

// Whether the method asks for nothing but information (RFC 9110 §9.2.1), and is known to do so.
[[nodiscard]] constexpr bool is_safe(Method method) {
    return method == Method::get || method == Method::head || method == Method::options;
}

Method recognise_method(std::string_view token);  // case-sensitive (RFC 9110 §9.1)
std::string_view spelling(Method method);         // empty for `other`

// How a target is written (RFC 9112 §3.2).
enum class TargetForm : std::uint8_t {
    origin,     // a path and perhaps a query: sent to origin servers
    absolute,   // a whole URI: sent to proxies
    authority,  // a host and a port, for CONNECT
    asterisk,   // "*", for OPTIONS
};

// The version of HTTP that carried a message (RFC 9110 §2.5).
enum class Version : std::uint8_t { http_1_0, http_1_1, http_2, http_3 };

// The scheme of a target URI (RFC 9110 §4.2).
enum class Scheme : std::uint8_t { http, https };

// Whether the client waits for 100 (Continue) before it sends its content (RFC 9110 §10.1.1).
enum class Expectation : std::uint8_t { none, continue_ };

// One request, without its content. All views point into the octets from which it was read.
struct Request {
    Method method = Method::get;           // `other`: see method_token
    std::string_view method_token;         // as sent, even if `method` is `other`
    TargetForm form = TargetForm::origin;  // how `target` is written
    std::string_view target;               // as sent
    Scheme scheme = Scheme::http;          // of the target URI: from absolute form, or else the connection's
    std::string_view path;       // as sent, not decoded: target's path, "*" in asterisk form, empty in authority form
    std::string_view query;      // after the "?", without it
    bool has_query = false;      // "/a?" has an empty query, "/a" has none
    std::string_view authority;  // of the target URI: from absolute or authority form, or else Host
    // What a client of HTTP/2 wants its CONNECT to carry (RFC 8441 §4), "websocket"; the target is then in origin form.
    // Empty: another request.
    std::string_view protocol;
    FieldSection fields;                          // the header section
    bool has_content = false;                     // it has content, perhaps of no octets (RFC 9110 §6.4)
    std::optional<std::uint64_t> content_length;  // of the content, in octets; nothing: not known yet, or no content
    Expectation expectation = Expectation::none;  // whether the client waits before it sends content

    // Whether the client asks for trailers (RFC 9110 §10.1.4).
    [[nodiscard]] bool asks_for_trailers() const;
    // Ready for the next request on the connection; keeps allocated memory.
    void clear();
};

// One part of a response's content: octets in memory, or a range of an open file.
struct Piece {
    std::string_view octets;         // if `file` is null; perhaps beside it too, with the same content
    std::shared_ptr<const Fd> file;  // open for reading; sent from `offset`
    std::uint64_t offset = 0;        // in `file`, in octets
    std::uint64_t length = 0;        // octets of this piece, of either kind
    // The state of the file when the response was made: its size in octets, its modification and change times in
    // nanoseconds since 1970, and its number of names. The sender compares them after each part. If the file has been
    // modified in the meantime, the content would be a mixture of two versions, so the sender resets the connection.
    std::uint64_t file_octets = 0;
    std::int64_t file_modified = 0;
    std::int64_t file_changed = 0;      // 0: unknown
    std::uint64_t file_links = 1;       // names of the file
    std::shared_ptr<const void> owner;  // keeps `octets` alive while they are sent

    // A piece with octets that `owner` keeps alive, or that outlive the response if `owner` is null.
    static Piece memory(std::string_view octets, std::shared_ptr<const void> owner = nullptr) {
        Piece piece;
        piece.octets = octets;
        piece.length = octets.size();
        piece.owner = std::move(owner);
        return piece;
    }
    // A piece with its own octets.
    static Piece text(std::string text) {
        auto owned = std::make_shared<const std::string>(std::move(text));
        const std::string_view octets = *owned;
        return memory(octets, std::move(owned));
    }
    // A piece with `length` octets of an open file, starting at `offset`. The caller fills in the state of the file.
    static Piece range(std::shared_ptr<const Fd> file, std::uint64_t offset, std::uint64_t length) {
        Piece piece;
        piece.file = std::move(file);
        piece.offset = offset;
        piece.length = length;
        return piece;
    }
};

// Receives content that is generated while it is sent.
class ContentWriter {
public:
    // Sends the octets as soon as the peer accepts them. Returns false if the peer accepts no more; further octets are
    // then dropped.
    [[nodiscard]] virtual Task<bool> write(std::string_view octets) = 0;

protected:
    ~ContentWriter() = default;
};

// Generates content and writes it piece by piece. Returns false if the content could not be completed; the connection
// is then aborted, so that the peer notices.
using Producer = std::function<Task<bool>(ContentWriter& writer)>;

// A handler's answer. Content-Length, Date, Connection and Transfer-Encoding are not among `fields`: the link adds
// those that its version of HTTP needs, depending on the content and the connection's state.
struct Response {
    Status status = Status::ok;  // of the final response
    FieldSection fields;         // views: literals, octets that `owner` keeps, or `made`
    std::vector<Piece> content;  // sent in order; an answer to HEAD carries it too, so that its length is known
    Producer producer;           // instead of `content`
    // How many octets `producer` will write; nothing: not known before it ends. Without content and producer, the
    // length that a GET would have (RFC 9110 §9.3.2): for an answer to HEAD, or a 304.
    std::optional<std::uint64_t> content_length;
    bool is_endless = false;  // `producer` goes on until the peer leaves: a server that stops aborts it
    // The protocol to which the connection or, over HTTP/2, the stream changes after a status of 200 (RFC 9110 §7.8,
    // RFC 8441): `producer` speaks it, and reads by Exchange::receive_upgraded(). The link writes 101 where the version
    // has it. A literal; empty: none.
    std::string_view upgrade;
    // The answer is a selected representation (RFC 9110 §3.2), or says that the client has it: its coding has been
    // negotiated, and the fields describe its octets. Nobody encodes it further.
    bool is_negotiated = false;
    // The content is the server's own page about the status, which a program may replace (route::write_refusal()).
    bool is_standard_page = false;
    // Sent after the content, views as in `fields`. Fields that the recipient may miss: they are left out if it did not
    // ask for them, or if its version of HTTP has none (RFC 9110 §6.5.1).
    FieldSection trailers;
    std::shared_ptr<const void> owner;  // keeps what the fields and `content` point into until it has been sent
    // Values that were made for this response and that `fields` points into. Each is a separate allocation, so that
    // adding one does not move the others.
    std::vector<std::unique_ptr<const std::string>> made;

    [[nodiscard]] std::uint64_t content_octets() const;  // of all pieces in total; 0 with a producer
    // The length of the content, announced or of all pieces; nothing if it is not known before it ends.
    [[nodiscard]] std::optional<std::uint64_t> known_length() const;
    // Whether the content is sent to a request with this method (RFC 9110 §6.4.1).
    [[nodiscard]] bool sends_content(Method method) const { return method != Method::head && may_have_content(status); }
    // The length to announce to a request with this method: only an answer without content may announce one that
    // nothing keeps. Nothing: it is not known, or a response with this status has none (RFC 9110 §8.6).
    [[nodiscard]] std::optional<std::uint64_t> announced_length(Method method) const;
    // Adds a field whose value was made for this response. The second one takes any name.
    void add_made(FieldName name, std::string value);
    void add_made(std::string_view name, std::string value);
    void clear();  // ready for the next one; keeps allocated memory
};

}  // namespace portico::http
