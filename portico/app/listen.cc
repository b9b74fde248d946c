// portico/app/listen.cc — `portico listen`: waits for somebody to connect, and talks to them.
//
// Room app: see command.h.
#include <fmt/core.h>
#include <termios.h>
#include <unistd.h>

#include <cerrno>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "portico/app/commands.h"
#include "portico/app/conversation.h"
#include "portico/app/conversation_end.h"
#include "portico/app/listen_client.h"
#include "portico/app/notation.h"
#include "portico/app/notice.h"
#include "portico/app/service_command.h"
#include "portico/app/terminal_settings.h"
#include "portico/base/printable.h"
#include "portico/io/epoll/epoll_kernel.h"
#include "portico/io/run_task.h"
#include "portico/io/signals.h"
#include "portico/server/web_endpoint.h"
#include "portico/services/serve.h"

namespace portico::app {
namespace {

enum class Afterwards : std::uint8_t { end, next_client };
enum class Answering : std::uint8_t { by_hand, http };
enum class Telling : std::uint8_t { usual, errors_only };

struct ListenPlan {
    ConversationOptions conversation;
    ClientPatience patience;
    Afterwards afterwards = Afterwards::end;
    Answering answering = Answering::by_hand;
    Telling telling = Telling::usual;

    void tell(const std::string& line) const {
        if (telling == Telling::usual) say_aside(line + "\n");
    }
};

// Escape characters end a line at a terminal, as for `portico connect`.
void hand_over_at_escape(termios& settings) { settings.c_cc[VEOL] = 0x1d; }

// Talks to one client. Nothing: it has not said a word, so another is waited for.
Task<std::optional<int>> serve_one(io::Core& core, const ListenPlan& plan, io::Accepted client,
                                   std::shared_ptr<const services::PresentTls> tls) {
    plan.tell("Connection from " + client.peer.text());
    link::Transport transport(std::move(client.stream));
    if (tls != nullptr) {
        transport.protect(tls->context->make_session(core.buffers()));
        const io::Result<void> shaken = co_await protect_client(transport, plan.patience);
        if (!shaken) {
            const bool is_of_tls = shaken.error().number == EPROTO;
            plan.tell("No TLS: " +
                      (is_of_tls ? printable(transport.session()->failure()) : io::describe(shaken.error())));
            co_return std::nullopt;
        }
    }
    if (plan.answering == Answering::http) {
        std::function<void(std::string_view)> print = say_in_passing;
        const std::optional<int> code = co_await explain_client(std::move(transport), plan.patience, std::move(print));
        co_return code;
    }
    auto stdio = io::open_stdio(core);
    if (!stdio) co_return complain(io::describe(stdio.error()));
    const ConversationEnd end = co_await converse(std::move(transport), *std::move(stdio), plan.conversation);
    plan.tell("Connection closed");
    co_return explain(end, "the client", plan.conversation.idle_max);
}

Task<int> serve_clients(io::Core& core, const ListenPlan& plan, io::Listener listener,
                        std::shared_ptr<const services::PresentTls> tls) {
    for (;;) {
        io::Result<io::Accepted> client = co_await listener.accept();
        if (!client) co_return complain(io::describe(client.error()));
        const std::optional<int> code = co_await serve_one(core, plan, *std::move(client), tls);
        if (code && plan.afterwards == Afterwards::end) co_return *code;
    }
}

// The sender of the first datagram is the one who is answered.
Task<int> serve_datagrams(io::Core& core, const ListenPlan& plan, io::Datagram socket) {
    std::string room(io::datagram_octets_max, '\0');
    std::vector<io::DatagramSlot> slots(1);
    slots.front().octets = room;
    const io::Result<std::size_t> received = co_await socket.receive(slots, io::never);
    if (!received) co_return complain(io::describe(received.error()));
    const io::SocketAddress peer = slots.front().peer;
    plan.tell("Datagrams from " + peer.text());
    const io::Result<void> connected = socket.connect(peer);
    if (!connected) co_return complain(io::describe(connected.error()));
    auto stdio = io::open_stdio(core);
    if (!stdio) co_return complain(io::describe(stdio.error()));
    std::string text(slots.front().octets.begin(), slots.front().octets.end());
    if (plan.conversation.showing == Showing::printable) {
        StreamPrinter printer;
        text = printer.print(text) + printer.finish();
    }
    const io::Result<void> shown = co_await stdio->output.write_all(text, io::never);
    if (!shown) co_return exit_not_written;
    const ConversationEnd end =
        co_await converse_by_datagram(std::move(socket), peer, *std::move(stdio), plan.conversation);
    co_return explain(end, "the client", plan.conversation.idle_max);
}

ListenPlan listen_plan(const Arguments& arguments) {
    ListenPlan plan;
    if (arguments.has("keep")) plan.afterwards = Afterwards::next_client;
    if (arguments.has("http")) plan.answering = Answering::http;
    if (arguments.has("quiet")) plan.telling = Telling::errors_only;
    if (arguments.has("crlf")) plan.conversation.line_ends = LineEnds::crlf;
    if (::isatty(STDIN_FILENO) == 1) plan.conversation.typing = Typing::yes;
    if (::isatty(STDOUT_FILENO) == 1 && !arguments.has("raw")) plan.conversation.showing = Showing::printable;
    const auto wait = arguments.duration("wait");
    if (wait && wait->count() > 0) plan.conversation.idle_max = *wait;
    return plan;
}

int run_listen(const Arguments& arguments) {
    const server::WebEndpoint endpoint =
        *server::parse_web_endpoint(arguments.positional(0).value_or("127.0.0.1:8080"));
    const bool is_udp = endpoint.endpoint.scheme == io::EndpointScheme::udp;
    if (endpoint.endpoint.scheme == io::EndpointScheme::stdio) {
        return complain_of_misuse("stdio is this end of the connection", "portico listen 127.0.0.1:8080");
    }
    if (is_udp && (arguments.has("http") || arguments.has("keep"))) {
        return complain_of_misuse("--http and --keep are for streams", "portico listen 127.0.0.1:8080 --http");
    }
    const ListenPlan plan = listen_plan(arguments);
    io::ignore_broken_pipes();
    const auto kernel = io::make_epoll_kernel();
    if (!kernel) return complain(io::describe(kernel.error()));
    io::Core core(**kernel);
    const auto certificates = certificates_for(arguments, {endpoint});
    if (!certificates) return complain_of_misuse(certificates.error().message, certificates.error().advice);
    std::shared_ptr<services::PresentTls> tls;
    if (*certificates != nullptr) {
        tls = std::make_shared<services::PresentTls>();
        tls->context = (*certificates)->context();
    }
    std::vector<services::OpenEndpoint> opened;
    const auto done = services::open_endpoint(core, endpoint.endpoint, opened, tls);
    if (!done) return complain_of_opening(arguments, endpoint.endpoint, done.error());
    services::OpenEndpoint first = std::move(opened.front());
    opened.clear();  // a name may have more than one address
    plan.tell("Listening on " + printable(services::text_of(first)));
    std::optional<TerminalSettings> escape_key;
    if (plan.conversation.typing == Typing::yes) escape_key.emplace(hand_over_at_escape);
    if (auto* const datagram = std::get_if<io::Datagram>(&first)) {
        return io::run_task(core, serve_datagrams(core, plan, std::move(*datagram)));
    }
    if (auto* const secure = std::get_if<services::SecureListener>(&first)) {
        return io::run_task(core, serve_clients(core, plan, std::move(secure->listener), secure->tls));
    }
    return io::run_task(core, serve_clients(core, plan, std::move(std::get<io::Listener>(first)), nullptr));
}

}  // namespace

Command listen_command() {
    return {
        .name = "listen",
        .summary = "wait for somebody to connect, and talk to them",
        .about =
            "Waits for one client, writes what it sends to standard output, and sends standard input to it, both at\n"
            "the same time, as portico connect does at the other end. It ends with the connection, unless --keep is\n"
            "given: then the next client is waited for. Only one client is talked to at a time; others wait.\n\n"
            "Control characters that a client sends to a terminal are shown as \"\\x1b\" unless --raw is given, so "
            "that it\n"
            "cannot control the terminal. At a terminal, ^] ends a conversation.\n\n"
            "Over UDP, the sender of the first datagram is the one who is answered; it ends when the input has ended\n"
            "and nothing has arrived for a second, or for the time of --wait.\n\n"
            "With --http, the first request is printed line by line with what each line means, and answered with a\n"
            "page that shows it. A connection on which nothing arrives for two seconds, or no whole request in ten,\n"
            "is closed, and so is one whose client does not take the answer in ten. A TLS handshake may take\n"
            "five seconds. A name that has several addresses is listened for on the first.\n",
        .examples = {{"portico listen", "on 127.0.0.1:8080, for portico connect to talk to"},
                     {"portico listen :9000 > file", "receive a file from another machine"},
                     {"portico listen --http", "see what a browser sends, explained"},
                     {"portico listen tls://:7443 --keep", "one client after the other, over TLS"}},
        .arguments = {{.name = "ENDPOINT",
                       .meaning = "TCP, tls://, udp:// or unix: [127.0.0.1:8080]",
                       .kind = ValueKind::notation,
                       .notation = &service_notation}},
        .options =
            {
                {.name = "keep", .letter = 'k', .meaning = "wait for the next client when one has ended"},
                {.name = "http", .meaning = "explain a browser's request, and answer it"},
                {.name = "crlf", .letter = 'c', .meaning = "send each line end as CRLF"},
                {.name = "wait",
                 .letter = 'w',
                 .value = "SECS",
                 .meaning = "end a conversation in which nothing happens for so long",
                 .kind = ValueKind::duration},
                {.name = "cert",
                 .value = "FILE",
                 .meaning = "the certificate chain for tls:// [one of your own]",
                 .kind = ValueKind::file},
                {.name = "key", .value = "FILE", .meaning = "its private key", .kind = ValueKind::file},
                {.name = "raw", .meaning = "let control characters through to the terminal"},
                {.name = "quiet", .letter = 'q', .meaning = "print errors only"},
            },
        .other_names = {{"--port", "", "127.0.0.1:"},
                        {"-p", "", "127.0.0.1:"},
                        {"-l", ""},
                        {"--listen", ""},
                        {"-C", "crlf"},
                        {"--keep-open", "keep"}},
        .exit_codes =
            "18  with TLS, the client did not say that it had sent everything\n"
            "23  standard output could not be written\n"
            "26  standard input could not be read\n"
            "28  the --wait time has expired\n"
            "55  sending failed\n"
            "56  the connection was lost",
        .run = run_listen,
    };
}

}  // namespace portico::app
