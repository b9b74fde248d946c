// portico/app/get_wish.cc — see get.h.
#include <fmt/core.h>

#include <algorithm>
#include <cstddef>
#include <fstream>
#include <iterator>
#include <string_view>
#include <utility>

#include "portico/app/get.h"
#include "portico/app/own_certificate.h"
#include "portico/app/retype.h"
#include "portico/http/basic_auth.h"
#include "portico/http/fields.h"

namespace portico::app {
namespace {

using Kind = link::Failure::Kind;
using Wrong = std::unexpected<Misuse>;

constexpr unsigned redirects_max = 10;

Misuse wrong(std::string message) { return {std::move(message), "portico get --help"}; }

// Nothing if the file can't be read.
std::optional<std::string> content_of(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    std::string content{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
    if (!file.good() && !file.eof()) return std::nullopt;
    return content;
}

Misuse unreadable(std::string_view path) {
    return {fmt::format("'{}' cannot be read", path), fmt::format("ls -l {}", shell_quoted(std::string(path)))};
}

bool has_field(const link::ClientRequest& request, http::FieldName name) {
    return std::ranges::any_of(request.fields,
                               [name](const auto& field) { return http::recognise(field.first) == name; });
}

std::expected<void, Misuse> add_fields(const Arguments& arguments, link::ClientRequest& request) {
    for (const std::string_view line : arguments.values("header")) {
        const std::size_t colon = line.find(':');
        if (colon == std::string_view::npos)
            return Wrong(wrong(fmt::format("there is no colon in the field '{}'", line)));
        request.fields.emplace_back(line.substr(0, colon), http::trim(line.substr(colon + 1)));
    }
    const auto user = arguments.value("user");
    if (!user) return {};
    const std::size_t colon = user->find(':');
    if (colon == std::string_view::npos) return Wrong(wrong("--user needs a user and a password: NAME:PASSWORD"));
    const http::Credentials credentials{.user = std::string(user->substr(0, colon)),
                                        .password = std::string(user->substr(colon + 1))};
    if (!http::is_field_value(*user)) return Wrong(wrong("--user has a control character"));
    request.fields.emplace_back("Authorization", http::basic_authorization(credentials));
    return {};
}

// RFC 3986 §2.1: the name of a file as a segment of a path.
std::string escaped(std::string_view name) {
    std::string text;
    for (const char c : name) {
        const bool is_plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                              std::string_view("-._~").find(c) != std::string_view::npos;
        text += is_plain ? std::string(1, c) : fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
    return text;
}

// The file itself is opened later, and read while it is sent.
std::expected<void, Misuse> set_upload(std::string_view path, GetWish& wish) {
    wish.upload = path;
    if (path == "-" || std::ifstream(wish.upload, std::ios::binary).good()) return {};
    return Wrong(unreadable(path));
}

// As curl's -T: with PUT, under the file's name if the URL is a folder's.
std::expected<void, Misuse> add_upload(const Arguments& arguments, GetWish& wish) {
    const auto path = arguments.value("upload-file");
    if (!path) return {};
    if (arguments.has("head")) return Wrong(wrong("--head and --upload-file exclude each other"));
    if (arguments.has("data")) return Wrong(wrong("--data and --upload-file exclude each other"));
    if (path->empty()) return Wrong(wrong("--upload-file needs a file, or - for standard input"));
    if (!arguments.has("request")) wish.request.method = "PUT";
    std::string& uri = wish.request.uri;
    if (*path != "-" && uri.ends_with('/') && uri.find_first_of("?#") == std::string::npos) {
        uri += escaped(path->substr(path->rfind('/') + 1));
    }
    return set_upload(*path, wish);
}

std::expected<void, Misuse> add_content(const Arguments& arguments, GetWish& wish) {
    link::ClientRequest& request = wish.request;
    const auto values = arguments.values("data");
    const bool is_file = values.size() == 1 && values[0].starts_with('@') && values[0] != "@-";
    for (const std::string_view value : values) {
        if (is_file) {
            const auto set = set_upload(value.substr(1), wish);
            if (!set) return set;
            break;
        }
        if (!request.content) {
            request.content.emplace();
        } else {
            request.content->push_back('&');
        }
        if (!value.starts_with('@')) {
            request.content->append(value);
            continue;
        }
        const std::string path(value.substr(1));
        const auto content = content_of(path == "-" ? "/dev/stdin" : path);
        if (!content) return Wrong(unreadable(path));
        request.content->append(*content);
    }
    if (values.empty()) return {};
    if (arguments.has("head")) return Wrong(wrong("--head and --data exclude each other"));
    if (!arguments.has("request")) request.method = "POST";
    if (!has_field(request, http::FieldName::content_type)) {
        request.fields.emplace_back("Content-Type", "application/x-www-form-urlencoded");
    }
    return {};
}

std::expected<void, Misuse> add_connection(const Arguments& arguments, GetWish& wish) {
    if (arguments.has("ipv4")) wish.client.family = io::Family::ipv4;
    if (arguments.has("ipv6")) wish.client.family = io::Family::ipv6;
    if (arguments.has("http1.1") && arguments.has("http2-prior-knowledge")) {
        return Wrong(wrong("--http1.1 and --http2-prior-knowledge exclude each other"));
    }
    if (arguments.has("http1.1")) wish.client.version = link::SpokenVersion::http_1_1;
    if (arguments.has("http2-prior-knowledge")) wish.client.version = link::SpokenVersion::http_2_prior_knowledge;
    if (const auto path = arguments.value("unix-socket")) {
        wish.client.connect_to = io::Endpoint::unix_stream(std::string(*path));
    }
    wish.careless = retyped(arguments, "--insecure");
    if (arguments.has("insecure")) wish.client.tls.verification = tls::Verification::none;
    if (const auto path = arguments.value("ca")) {
        const auto authorities = content_of(std::string(*path));
        if (!authorities || authorities->empty()) return Wrong(unreadable(*path));
        wish.client.tls.authorities = *authorities;
    }
    auto own = own_certificate(arguments, "portico get https://HOST/ --cert cert.pem --key key.pem");
    if (!own) return Wrong(std::move(own.error()));
    wish.client.tls.own = *std::move(own);
    wish.time_max = arguments.duration("max-time");
    if (wish.time_max && wish.time_max->count() == 0) return Wrong(wrong("--max-time must be greater than 0"));
    return {};
}

}  // namespace

std::expected<GetWish, Misuse> get_wish_from(const Arguments& arguments) {
    GetWish wish;
    link::ClientRequest& request = wish.request;
    request.uri = *arguments.positional(0);
    if (request.uri.find("://") == std::string::npos) request.uri.insert(0, "http://");
    if (arguments.has("head")) {
        request.method = "HEAD";
        wish.head = HeadPrinting::alone;
    } else if (arguments.has("include")) {
        wish.head = HeadPrinting::with_content;
    }
    if (const auto method = arguments.value("request")) request.method = *method;
    if (arguments.has("location")) request.redirects_max = redirects_max;
    const auto fields = add_fields(arguments, request);
    if (!fields) return Wrong(fields.error());
    const auto content = add_content(arguments, wish);
    if (!content) return Wrong(content.error());
    const auto upload = add_upload(arguments, wish);
    if (!upload) return Wrong(upload.error());
    const auto connection = add_connection(arguments, wish);
    if (!connection) return Wrong(connection.error());
    wish.output = arguments.value("output").value_or("");
    wish.fails_on_error_status = arguments.has("fail");
    if (arguments.has("verbose")) wish.talk = GetTalk::details;
    if (arguments.has("quiet")) wish.talk = GetTalk::errors_only;
    return wish;
}

int exit_code_of(Kind kind) {
    switch (kind) {
        case Kind::misuse: return exit_misuse;
        case Kind::not_resolved: return exit_not_resolved;
        case Kind::not_connected: return exit_not_connected;
        case Kind::malformed: return exit_not_understood;
        case Kind::incomplete: return exit_incomplete;
        case Kind::no_memory: return exit_no_memory;
        case Kind::timed_out: return exit_timed_out;
        case Kind::not_secured: return exit_not_secured;
        case Kind::too_many_redirects: return exit_too_many_redirects;
        case Kind::no_answer: return exit_no_answer;
        case Kind::not_sent: return exit_not_sent;
        case Kind::no_content: return exit_not_read;
        case Kind::not_repeatable: return exit_not_repeatable;
        case Kind::not_received: return exit_not_received;
        case Kind::not_trusted: return exit_not_trusted;
        case Kind::too_large: return exit_too_large;
        case Kind::stopped: break;
    }
    return exit_failure;
}

}  // namespace portico::app
