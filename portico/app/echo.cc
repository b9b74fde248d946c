// portico/app/echo.cc — `portico echo`: sends back what it receives.
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
        .summary = "send back what it receives: bytes on streams, datagrams on UDP",
        .about =
            "Sends the bytes of a stream back as they arrive, until the client ends its side. A client that does\n"
            "not read is not read from either. Each datagram is sent back whole. \"stdio\" serves one client on\n"
            "standard input and output, as inetd expects. SIGTERM and Ctrl-C end it.\n\n"
            "The source address of a datagram can be forged. So that two services do not answer each other for\n"
            "ever, datagrams from these source ports are ignored: the ports that this program itself listens\n"
            "on, ports below 1024 (echo, daytime, chargen, time, DNS, NTP and other services), 1434, 1900,\n"
            "3702, 5353, 5683 and 11211. A forged datagram can still make UDP echo answer somebody else:\n"
            "listen only on addresses that strangers cannot reach.\n",
        .examples = {{"portico echo", "on 127.0.0.1:8080, for portico connect to talk to"},
                     {"portico echo -l :7 -l udp://:7", "the classic service, TCP and UDP (RFC 862)"},
                     {"portico echo -l stdio", "one client, from inetd or a pipe"}},
        .options = service_options(),
        .other_names = service_other_names(),
        .run = run_echo,
    };
}

}  // namespace portico::app
