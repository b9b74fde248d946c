// portico/app/resolve.cc — `portico resolve`: a name's addresses, an address's name.
//
// Room app: see command.h.
#include "portico/io/resolve.h"

#include <fmt/core.h>

#include <string>

#include "portico/app/commands.h"
#include "portico/app/json_text.h"
#include "portico/app/notice.h"
#include "portico/base/printable.h"
#include "portico/io/epoll_kernel.h"
#include "portico/io/run_task.h"

namespace portico::app {
namespace {

// As curl's.
constexpr int exit_not_resolved = 6;
constexpr int exit_timed_out = 28;

int explain(const io::ResolveError& error) {
    complain(error.message);
    return error.kind == io::ResolveError::Kind::timed_out ? exit_timed_out : exit_not_resolved;
}

int print_name(const Arguments& arguments, io::Core& core, const io::IpAddress& address, io::TimePoint deadline) {
    const auto name = io::run_task(core, io::resolve_name(core, address, deadline));
    if (!name) return explain(name.error());
    if (!arguments.has("json")) {
        say(printable(*name) + "\n");
        return exit_ok;
    }
    say(json_object_of(address).add("name", *name).done().text + "\n");
    return exit_ok;
}

int print_addresses(const Arguments& arguments, io::Core& core, std::string host, io::TimePoint deadline) {
    std::optional<io::Family> family;
    if (arguments.has("ipv4")) family = io::Family::ipv4;
    if (arguments.has("ipv6")) family = io::Family::ipv6;
    const auto addresses = io::run_task(core, io::resolve(core, host, 0, family, deadline));
    if (!addresses) return explain(addresses.error());
    JsonArray list;
    std::string text;
    for (const io::SocketAddress& each : *addresses) {
        text += fmt::format("{:<39} {}\n", each.ip.text(), io::name_of(each.ip.reach()));
        list.add(json_object_of(each.ip).done());
    }
    const JsonText json = JsonObject().add("name", host).add("addresses", list.done()).done();
    say(arguments.has("json") ? json.text + "\n" : text);
    return exit_ok;
}

int run_resolve(const Arguments& arguments) {
    const std::string wanted(*arguments.positional(0));
    if (wanted.empty()) return complain_of_misuse("an empty name has no address", "portico resolve localhost");
    const auto kernel = io::make_epoll_kernel();
    if (!kernel) return complain(io::describe(kernel.error()));
    io::Core core(**kernel);
    const auto wait = arguments.duration("wait");
    const io::TimePoint deadline = wait ? core.now() + *wait : io::never;
    const bool has_brackets = wanted.size() > 2 && wanted.front() == '[' && wanted.back() == ']';
    const auto address = io::IpAddress::parse(has_brackets ? wanted.substr(1, wanted.size() - 2) : wanted);
    if (address) return print_name(arguments, core, *address, deadline);
    return print_addresses(arguments, core, wanted, deadline);
}

}  // namespace

Command resolve_command() {
    return {
        .name = "resolve",
        .summary = "a name's addresses, best first, or an address's name",
        .about =
            "Asks as every program on this machine does: /etc/hosts, the name servers, and what else is configured.\n"
            "Each address is shown with who can reach it: loopback, link-local, private, public and so on.\n",
        .examples = {{"portico resolve localhost", "the addresses of a name"},
                     {"portico resolve 127.0.0.1", "the name of an address"},
                     {"portico resolve example.org -6 --json", "only IPv6, for a program"}},
        .arguments = {{.name = "NAME",
                       .meaning = "a host's name, or an IPv4 or IPv6 address",
                       .kind = ValueKind::host,
                       .presence = Presence::required}},
        .options =
            {
                {.name = "ipv4", .letter = '4', .meaning = "only IPv4 addresses"},
                {.name = "ipv6", .letter = '6', .meaning = "only IPv6 addresses"},
                {.name = "wait",
                 .letter = 'w',
                 .value = "SECS",
                 .meaning = "give up after so long",
                 .kind = ValueKind::duration},
                {.name = "json", .meaning = "print JSON"},
            },
        .exit_codes = "6   the name was not found\n28  --wait has passed",
        .run = run_resolve,
    };
}

}  // namespace portico::app
