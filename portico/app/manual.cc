// portico/app/manual.cc — what the help and the manual page say besides the commands.
//
// Room app: see command.h.
#include "portico/app/manual.h"

#include <fmt/core.h>

#include <string_view>

#include "portico/cli/columns.h"
#include "portico/cli/man_page.h"
#include "portico/server/limits.h"

namespace portico::app {
namespace {

constexpr std::string_view endpoints_text = R"(An endpoint, where to listen or to connect, is written as
.BR tcp://HOST:PORT ,
.BR udp://HOST:PORT ,
.BR unix:/path ,
.B unix:@name
(abstract) or
.BR stdio ;
not every command takes all of them. Without a scheme an endpoint is TCP:
.BR 127.0.0.1:8080 ,
.BR [::1]:80 ,
.B :8080
(every interface) or
.B 8080
alone (the same). Port 0 is any free port.
)";

std::string limits_text() {
    std::string text =
        "These limits bound what clients can cost the server. Set one with\n"
        ".BR \"\\-\\-set NAME=VALUE\" .\n"
        "Times are written as 500ms, 3s, 2m or 1h, sizes as 512, 16k, 1m or 1g (powers of 1024).\n"
        "A number after a colon is the status of the answer to a request that exceeds the limit.\n";
    for (const server::LimitRow& row : server::limit_rows()) {
        text += cli::manual_entry(row.name, fmt::format("{}; default: {}", row.meaning, row.standard));
    }
    return text;
}

constexpr std::string_view signals_text = R"(.TP
.B SIGTERM, SIGINT
Stop. A server accepts no new connections and answers the requests that have
reached it; idle connections stay open for half a second. A second signal stops
it at once.
.TP
.B SIGUSR1
Reopen the log file, after it has been moved away.
.TP
.B SIGHUP
At a terminal, which has then been closed: as SIGTERM. Elsewhere: as SIGUSR1.
)";

constexpr std::string_view environment_text = R"(.TP
.B NO_COLOR
Do not use colours, whatever the terminal.
.TP
.B CLICOLOR_FORCE
Use colours even if the output is not a terminal.
)";

constexpr std::string_view exit_status_text = R"(.TP
.B 0
Success.
.TP
.B 1
The command failed.
.TP
.B 2
The command line is wrong.
)";

}  // namespace

std::string limits_help() {
    std::string text = "portico serve --set NAME=VALUE — limits on what clients can cost the server\n";
    const cli::ColumnsLine examples[] = {
        {"portico serve --set head_time_max=3s --set connections_max=500", "several at once"}};
    text += cli::in_two_columns(examples, 80) + "\n";
    std::vector<cli::ColumnsLine> lines;
    for (const server::LimitRow& row : server::limit_rows()) {
        lines.push_back({fmt::format("{:<27}  {:>6}", row.name, row.standard), std::string(row.meaning)});
    }
    text += cli::in_two_columns(lines, 80);
    text +=
        "\nTimes are written as 500ms, 3s, 2m or 1h, sizes as 512, 16k, 1m or 1g (powers of 1024).\n"
        "A number after a colon is the status of the answer to a request that exceeds the limit.\n";
    return text;
}

std::vector<cli::ManualSection> manual_sections() {
    return {{.title = "ENDPOINTS", .text = std::string(endpoints_text)},
            {.title = "LIMITS", .text = limits_text()},
            {.title = "SIGNALS", .text = std::string(signals_text)},
            {.title = "ENVIRONMENT", .text = std::string(environment_text)},
            {.title = "EXIT STATUS", .text = std::string(exit_status_text)}};
}

}  // namespace portico::app
