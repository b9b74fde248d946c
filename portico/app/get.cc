// portico/app/get.cc — `portico get`: requests a URL and prints the content of the answer.
//
// Room app: see command.h.
#include "portico/app/get.h"

#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "portico/app/commands.h"
#include "portico/app/download.h"
#include "portico/app/notice.h"
#include "portico/app/tls_facts.h"
#include "portico/app/upload.h"
#include "portico/base/printable.h"
#include "portico/io/epoll/epoll_kernel.h"
#include "portico/io/run_task.h"
#include "portico/io/signals.h"

namespace portico::app {
namespace {

using link::Answered;
using link::ClientResponse;
using link::Failure;

std::string_view name_of(http::Version version) {
    switch (version) {
        case http::Version::http_1_0: return "HTTP/1.0";
        case http::Version::http_1_1: return "HTTP/1.1";
        case http::Version::http_2: return "HTTP/2";
        case http::Version::http_3: return "HTTP/3";
    }
    return "HTTP";
}

std::string status_line(http::Version version, http::Status status) {
    return fmt::format("{} {} {}", name_of(version), http::code(status), http::reason_phrase(status));
}

// Tells the user on standard error what happens, as curl -v does: "*" facts, ">" what is sent, "<" what is received.
class Narrator final : public link::ClientWatcher {
public:
    void trying(const io::SocketAddress& peer) override { tell(fmt::format("* trying {} …", peer.text())); }
    void failed(const io::SocketAddress& peer, const io::Error& error) override {
        tell(fmt::format("* {}: {}", peer.text(), std::strerror(error.number)));
    }
    void connected(const io::SocketAddress& peer) override { tell(fmt::format("* connected to {}", peer.text())); }
    void secured(const tls::Session& session) override {
        for (const std::string& line : tls_facts(session)) tell("* " + line);
    }
    void reusing() override { tell("* the connection is open already"); }
    void redirected(const link::TargetUri& uri) override { tell("* redirected to " + uri.text()); }
    void sending(std::string_view head) override {
        while (!head.empty()) {
            const std::size_t end = head.find("\r\n");
            tell(end == 0 ? ">" : "> " + printable(head.substr(0, end)));
            head.remove_prefix(end + 2);
        }
    }
    void received(const http::Response& head, http::Version version) override {
        tell("< " + status_line(version, head.status));
        for (const http::FieldLine& line : head.fields.lines()) {
            tell(fmt::format("< {}: {}", printable(line.name), printable(line.value)));
        }
        tell("<");
    }
    void ended(const link::Timeline& timeline) {
        std::string text = "* ";
        io::TimePoint before = timeline.began;
        const auto add = [&](std::string_view step, const std::optional<io::TimePoint>& at) {
            if (!at) return;
            text += fmt::format("{} {:.1f} ms, ", step, milliseconds(*at - before));
            before = *at;
        };
        add("resolve", timeline.resolved);
        add("connect", timeline.connected);
        add("TLS", timeline.secured);
        add("request", timeline.sent);
        add("first octet", timeline.first_octet);
        add("last octet", timeline.last_octet);
        tell(text + fmt::format("in total {:.1f} ms", milliseconds(before - timeline.began)));
    }

private:
    static double milliseconds(io::Duration time) { return std::chrono::duration<double, std::milli>(time).count(); }
    static void tell(const std::string& line) { say_aside(line + "\n"); }
};

std::string head_text(const ClientResponse& response) {
    std::string text = status_line(response.version(), response.status()) + "\r\n";
    for (const http::FieldLine& line : response.fields().lines()) {
        text.append(line.name).append(": ").append(line.value).append("\r\n");
    }
    return text + "\r\n";
}

int explain(const GetWish& wish, const Failure& failure) {
    const bool can_be_careless = failure.kind == Failure::Kind::not_trusted;
    complain(failure.message, can_be_careless ? wish.careless : std::string());
    return exit_code_of(failure.kind);
}

int explain_output(const std::string& trouble) {
    if (!trouble.empty()) complain(trouble);  // empty: the reader of our output has read enough, as in `| head`
    return exit_not_written;
}

// Writes the head, if it is wanted, and the content.
Task<int> deliver(const GetWish& wish, ClientResponse& response, Download& download, io::TimePoint deadline) {
    const bool is_alone = wish.head == HeadPrinting::alone;
    std::optional<std::string> trouble = download.begin(is_alone ? std::nullopt : response.content_length());
    if (trouble) co_return explain_output(*trouble);
    if (wish.head != HeadPrinting::none) {
        const std::string head = head_text(response);
        trouble = co_await download.write(head, deadline);
        if (trouble) co_return explain_output(*trouble);
    }
    for (;;) {
        const Answered<std::string_view> octets = co_await response.read_content();
        if (!octets) {
            trouble = co_await download.finish(deadline);
            co_return explain(wish, octets.error());
        }
        if (octets->empty()) break;
        trouble = co_await download.write(*octets, deadline);
        if (trouble) co_return explain_output(*trouble);
    }
    trouble = co_await download.finish(deadline);
    if (trouble) co_return explain_output(*trouble);
    co_return exit_ok;
}

Task<int> get(io::Core& core, GetWish& wish, Download& download) {
    Narrator narrator;
    const io::TimePoint deadline = wish.time_max ? io::later(core.now(), *wish.time_max) : io::never;
    if (wish.time_max) {
        link::OutboundLimits& limits = wish.client.limits;
        limits.connect_time_max = std::max(limits.connect_time_max, *wish.time_max);
    }
    wish.request.deadline = deadline;
    if (wish.talk == GetTalk::details) wish.request.watcher = &narrator;
    link::Client client(core, wish.client);
    Answered<ClientResponse> response = co_await client.send(wish.request);
    if (!response) co_return explain(wish, response.error());
    if (wish.fails_on_error_status && http::code(response->status()) >= 400) {
        complain(fmt::format("the server answers {} {}", http::code(response->status()),
                             http::reason_phrase(response->status())));
        co_return exit_error_status;
    }
    const int code = co_await deliver(wish, *response, download, deadline);
    if (wish.talk == GetTalk::details) narrator.ended(response->timeline());
    co_await client.close();
    co_return code;
}

int run_get(const Arguments& arguments) {
    auto wish = get_wish_from(arguments);
    if (!wish) return complain_of_misuse(wish.error().message, wish.error().advice);
    const auto uri = link::parse_target_uri(wish->request.uri);
    if (!uri) {
        complain(fmt::format("'{}' cannot be requested: {}", wish->request.uri, uri.error()));
        return exit_bad_uri;
    }
    io::ignore_broken_pipes();
    const auto kernel = io::make_epoll_kernel();
    if (!kernel) return complain(io::describe(kernel.error()));
    io::Core core(**kernel);
    const bool is_to_file = !wish->output.empty() && wish->output != "-";
    std::optional<io::Stdio> stdio;
    if (!is_to_file || wish->upload == "-") {
        auto opened = io::open_stdio(core);
        if (!opened) return complain(io::describe(opened.error()));
        stdio.emplace(*std::move(opened));
    }
    if (wish->upload == "-") {
        wish->request.source = content_of_stream(stdio->input);
    } else if (!wish->upload.empty()) {
        auto source = content_of_file(core, wish->upload);
        if (!source) {
            complain(fmt::format("'{}' cannot be read: {}", wish->upload, std::strerror(source.error().number)));
            return exit_not_read;
        }
        wish->request.source = *std::move(source);
    }
    if (is_to_file) {
        const bool shows_progress = wish->talk == GetTalk::usual && ::isatty(STDERR_FILENO) == 1;
        Download download(core, wish->output, shows_progress);
        return io::run_task(core, get(core, *wish, download));
    }
    const bool is_safe = wish->output.empty() && ::isatty(STDOUT_FILENO) == 1;
    Download download(core, std::move(stdio->output), is_safe ? Shown::safe : Shown::raw);
    return io::run_task(core, get(core, *wish, download));
}

constexpr std::string_view get_about =
    "Sends a request, and writes the content of the answer to standard output, unchanged. A URL without a scheme is\n"
    "one of http://. The server of https:// must have a certificate for its name, from an authority that this machine\n"
    "trusts; --ca names another authority, such as the one of portico cert.\n\n"
    "The answer is read strictly: one that can be read in two ways, or that ends before its announced end, is an\n"
    "error. If standard output is a terminal, characters that would control it are shown as \"\\x1b\", and content\n"
    "that is not text is refused, unless -o - is given.\n\n"
    "With -o, the file is written as the content arrives. It is not touched before there is an answer; if the\n"
    "connection is lost later, it keeps what has arrived, and the exit code says so.\n\n"
    "HTTP/2 is spoken with https:// if the server chooses it. With http:// it takes --http2-prior-knowledge, and a "
    "server\n"
    "that speaks it.\n\n"
    "With -L, at most ten redirects are followed, to any host. Credentials and cookies are sent only to the host, "
    "port\n"
    "and scheme for which they were given. With -d, the method is POST, and the content type is that of a form unless\n"
    "-H gives another; -d @FILE sends the file as it is. With -T, the method is PUT, and the file's name is appended "
    "to a\n"
    "URL that ends with a slash. -d @FILE and -T FILE send the file while they read it. -T - sends standard input as "
    "it\n"
    "arrives, -d @- when it has ended; the first can be sent only once, so it follows no redirect that repeats it.\n"
    "Before more than a megabyte is sent, or content of unknown length, the server is asked whether it wants it, and "
    "has a\n"
    "second to answer.\n";

constexpr std::string_view get_exit_codes =
    "3   the URL cannot be requested\n"
    "6   the host was not found\n"
    "7   the connection was not accepted\n"
    "8   the answer is not valid HTTP\n"
    "18  the content ended before its announced end\n"
    "22  with --fail: the answer's status is 400 or above\n"
    "23  the content could not be written\n"
    "26  the content to send could not be read\n"
    "27  memory is short\n"
    "28  the time is over\n"
    "35  the TLS handshake failed\n"
    "47  too many redirects\n"
    "52  the server closed the connection without an answer\n"
    "55  sending failed\n"
    "56  the connection was lost\n"
    "60  the server's certificate is not trusted\n"
    "63  the content is too large\n"
    "65  the content would have to be sent again, and cannot be";

std::vector<Option> get_options() {
    return {
        {.name = "output",
         .letter = 'o',
         .value = "FILE",
         .meaning = "write to this file; -: to standard output, unchanged",
         .kind = ValueKind::file},
        {.name = "verbose", .letter = 'v', .meaning = "show the exchange, what TLS agreed on, and the times"},
        {.name = "location", .letter = 'L', .meaning = "follow up to ten redirects"},
        {.name = "head", .letter = 'I', .meaning = "ask for the head alone, and print it"},
        {.name = "include", .letter = 'i', .meaning = "print the head too"},
        {.name = "request", .letter = 'X', .value = "METHOD", .meaning = "the request's method"},
        {.name = "header",
         .letter = 'H',
         .value = "FIELD",
         .meaning = "send a field, \"Name: value\"",
         .repeat = Repeat::collected},
        {.name = "data",
         .letter = 'd',
         .value = "DATA",
         .meaning = "send content, or @FILE; several are joined by \"&\"",
         .repeat = Repeat::collected},
        {.name = "upload-file",
         .letter = 'T',
         .value = "FILE",
         .meaning = "send this file with PUT; -: standard input",
         .kind = ValueKind::file},
        {.name = "user",
         .letter = 'u',
         .value = "NAME:PASSWORD",
         .meaning = "send these credentials (Basic)",
         .secrecy = Secrecy::secret},
        {.name = "fail", .letter = 'f', .meaning = "fail if the status is 400 or above: 22"},
        {.name = "max-time",
         .letter = 'm',
         .value = "SECS",
         .meaning = "give up after this time",
         .kind = ValueKind::duration},
        {.name = "ca",
         .value = "FILE",
         .meaning = "trust the authorities in this file (PEM) [the system's]",
         .kind = ValueKind::file},
        {.name = "insecure", .letter = 'k', .meaning = "believe any certificate"},
        {.name = "cert",
         .letter = 'E',
         .value = "FILE",
         .meaning = "show this certificate to a server that asks (PEM)",
         .kind = ValueKind::file},
        {.name = "key", .value = "FILE", .meaning = "its private key (PEM)", .kind = ValueKind::file},
        {.name = "http1.1", .meaning = "speak HTTP/1.1 only"},
        {.name = "http2-prior-knowledge", .meaning = "speak HTTP/2 with http:// too, without asking"},
        {.name = "unix-socket",
         .value = "PATH",
         .meaning = "connect to this socket instead of the host",
         .kind = ValueKind::file},
        {.name = "ipv4", .letter = '4', .meaning = "only IPv4 addresses"},
        {.name = "ipv6", .letter = '6', .meaning = "only IPv6 addresses"},
        {.name = "quiet", .letter = 'q', .meaning = "print errors only, no progress"},
    };
}

}  // namespace

Command get_command() {
    return {
        .name = "get",
        .summary = "request a URL: print the content of the answer",
        .about = get_about,
        .examples = {{"portico get https://example.org/", "print a page"},
                     {"portico get localhost:8080/a.zip -o a.zip", "into a file, with the progress"},
                     {"portico get -v https://localhost:8080/ -k", "the exchange and its times; trust anybody"},
                     {"portico get -d name=value localhost:8080/form", "send a form"},
                     {"portico get -T a.zip localhost:8080/in/", "upload a file"},
                     {"portico get --unix-socket /run/x.sock localhost/", "ask the server of a Unix socket"}},
        .arguments = {{.name = "URL",
                       .meaning = "http://HOST[:PORT]/PATH or https://…",
                       .kind = ValueKind::host,
                       .presence = Presence::required}},
        .options = get_options(),
        .other_names = {{"--cacert", "ca"},
                        {"--silent", "quiet"},
                        {"-s", "quiet"},
                        {"--data-binary", "data"},
                        {"--timeout", "max-time"}},
        .exit_codes = get_exit_codes,
        .run = run_get,
    };
}

}  // namespace portico::app
