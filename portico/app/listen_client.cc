// portico/app/listen_client.cc — see listen_client.h.
#include "portico/app/listen_client.h"

#include <fmt/core.h>

#include <algorithm>
#include <cstddef>
#include <string>
#include <utility>

#include "portico/app/command.h"
#include "portico/app/http_explained.h"
#include "portico/services/secure.h"
#include "portico/wire/h1/read_head.h"

namespace portico::app {

Task<io::Result<void>> protect_client(link::Transport& transport, const ClientPatience& patience) {
    const io::Result<void> shaken =
        co_await transport.handshake(std::nullopt, transport.core().now() + patience.handshake_max);
    co_return shaken;
}

Task<std::optional<int>> explain_client(link::Transport transport, ClientPatience patience,
                                        std::function<void(std::string_view)> print) {
    std::string received;
    h1::HeadNotes notes;
    const h1::HeadLimits limits;
    http::Request request;
    const io::TimePoint head_due = transport.core().now() + patience.head_max;
    for (;;) {
        const io::TimePoint due = std::min(transport.core().now() + patience.silence_max, head_due);
        const io::Result<Buffer> octets = co_await services::read(transport, due);
        if (!octets || octets->empty()) co_return std::nullopt;
        received += octets->octets();
        const auto head = h1::read_head(received, notes, limits, request);
        if (head && !*head) continue;
        std::string answer;
        if (head) {
            print(explain_request(request, notes.version) + "\n");
            answer = page_about_request(std::string_view(received).substr(0, received.find("\r\n\r\n")));
        } else {
            print(fmt::format("not a valid request: {}\n\n", head.error().reason));
            answer = page_about_refusal(head.error());
        }
        const io::TimePoint answer_due = transport.core().now() + patience.answer_max;
        const auto sent = co_await services::write_all(transport, answer, answer_due);
        co_await transport.drain(patience.end_max, limits.head_octets_max);
        co_return sent ? exit_ok : exit_not_sent;
    }
}

}  // namespace portico::app
