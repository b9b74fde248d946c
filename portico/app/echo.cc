// portico/app/echo.cc — `portico echo`: sends back what comes.
//
// Room app: see command.h.
#include "portico/services/echo.h"

#include <memory>

#include "portico/app/commands.h"
#include "portico/app/service_command.h"

namespace portico::app {
namespace {

int run_echo(const Arguments& arguments) {
    return run_service(arguments, [](io::Core& core) { return std::make_unique<services::Echo>(core); });
}

}  // namespace

Command echo_command() {
    return {
        .name = "echo",
        .summary = "send back what comes: octets on streams, datagrams on UDP",
        .about =
            "Octets of a stream are sent back as they come, to the client's end and then ours. A client that does not\n"
            "read is not read from either. Each datagram is sent back whole. \"stdio\" serves one client on standard\n"
            "input and output, as inetd wants it. SIGTERM and Ctrl-C end it.\n\n"
            "Whoever can send a datagram with a forged address can make UDP echo answer somebody else: listen on\n"
            "addresses that strangers do not reach.\n",
        .examples = {{"portico echo", "on 127.0.0.1:8080, for portico connect to talk to"},
                     {"portico echo -l :7 -l udp://:7", "the classic service, TCP and UDP (RFC 862)"},
                     {"portico echo -l stdio", "one client, from inetd or a pipe"}},
        .options = service_options(),
        .run = run_echo,
    };
}

}  // namespace portico::app
