// portico/app/hello.cc — `portico hello`: one line for every client.
//
// Room app: see command.h.
#include <fmt/core.h>

#include <algorithm>
#include <string>

#include "portico/app/commands.h"
#include "portico/app/notice.h"
#include "portico/app/service_command.h"
#include "portico/server/web_endpoint.h"
#include "portico/services/hello.h"

namespace portico::app {
namespace {

bool is_udp(std::string_view endpoint) {
    return server::parse_web_endpoint(endpoint)->endpoint.scheme == io::EndpointScheme::udp;
}

int run_hello(const Arguments& arguments) {
    const std::string message = std::string(*arguments.value("message")) + "\n";
    if (message.size() > io::datagram_octets_max && std::ranges::any_of(arguments.values("listen"), is_udp)) {
        return complain_of_misuse(fmt::format("a datagram has room for {} bytes, but --message with its newline has {}",
                                              io::datagram_octets_max, message.size()));
    }
    return run_service(arguments, [&](io::Core& core) { return std::make_unique<services::Hello>(core, message); });
}

}  // namespace

Command hello_command() {
    std::vector<Option> options = service_options();
    options.push_back({.name = "message",
                       .letter = 'm',
                       .value = "TEXT",
                       .meaning = "the line to send; a newline is added",
                       .fallback = "Hello from Portico"});
    return {
        .name = "hello",
        .summary = "say a line to every client",
        .about =
            "Sends the line, ends its side of the connection and waits until the client has left, so that\n"
            "nothing is lost. SIGTERM and Ctrl-C end it.\n\n"
            "A datagram is answered with the line. The source address of a datagram can be forged. So an\n"
            "answer is at most three times as large as the packet that it answers; a longer line is cut.\n"
            "Datagrams that contain the line itself are ignored, and so are those from the ports that \"portico\n"
            "help echo\" lists.\n",
        .examples = {{"portico hello", "on 127.0.0.1:8080, where portico connect reads it"},
                     {"portico hello --message \"back at nine\" -l :7000", "to everyone, on port 7000"},
                     {"portico hello -l unix:/run/hello.sock -l udp://[::1]:7000", "on a Unix socket and UDP"}},
        .options = std::move(options),
        .other_names = service_other_names(),
        .run = run_hello,
    };
}

}  // namespace portico::app
