// portico/app/resolve.cc — `portico resolve`: a name's addresses, an address's name.
//
// Room app: see command.h.
#include "portico/io/net/resolve.h"

#include <fmt/core.h>

#include <string>

#include "portico/app/address_json.h"
#include "portico/app/commands.h"
#include "portico/app/notice.h"
#include "portico/base/printable.h"
#include "portico/io/epoll/epoll_kernel.h"
#include "portico/io/run_task.h"

namespace portico::app {
namespace {

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
    std::string text;
    JsonPrinter json(text, http::JsonSpacing::after_separators);
    json.open_object();
    add_address(json, address);
    json.member("name", *name);
    json.close_object();
    say(text + "\n");
    return exit_ok;
}

int print_addresses(const Arguments& arguments, io::Core& core, std::string host, io::TimePoint deadline) {
    std::optional<io::Family> family;
    if (arguments.has("ipv4")) family = io::Family::ipv4;
    if (arguments.has("ipv6")) family = io::Family::ipv6;
    const auto addresses = io::run_task(core, io::resolve(core, host, 0, family, deadline));
    if (!addresses) return explain(addresses.error());
    std::string text;
    std::string json_text;
    JsonPrinter json(json_text, http::JsonSpacing::after_separators);
    json.open_object();
    json.member("name", host);
    json.name("addresses");
    json.open_array();
    for (const io::SocketAddress& each : *addresses) {
        text += fmt::format("{:<39} {}\n", each.ip.text(), io::name_of(each.ip.reach()));
        json.open_object();
        add_address(json, each.ip);
        json.close_object();
    }
    json.close_array();
    json.close_object();
    say(arguments.has("json") ? json_text + "\n" : text);
    return exit_ok;
}

// Returns the host in what was typed: a name, an address, an endpoint or a URL.
std::string host_of(std::string_view typed) {
    std::string_view rest = typed;
    const std::size_t scheme_end = rest.find("://");
    if (scheme_end != std::string_view::npos) rest.remove_prefix(scheme_end + 3);
    rest = rest.substr(0, rest.find_first_of("/?#"));
    rest.remove_prefix(rest.rfind('@') + 1);  // after "user@"; npos + 1 is 0
    if (rest.starts_with('[')) return std::string(rest.substr(1, rest.find(']') - 1));
    const std::size_t colon = rest.find(':');
    const bool has_port = colon != std::string_view::npos && rest.find(':', colon + 1) == std::string_view::npos;
    return std::string(has_port ? rest.substr(0, colon) : rest);
}

int run_resolve(const Arguments& arguments) {
    const std::string_view typed = *arguments.positional(0);
    const std::string wanted = host_of(typed);
    if (wanted.empty()) {
        return complain_of_misuse(fmt::format("there is no host in '{}'", typed), "portico resolve localhost");
    }
    const auto kernel = io::make_epoll_kernel();
    if (!kernel) return complain(io::describe(kernel.error()));
    io::Core core(**kernel);
    const auto wait = arguments.duration("wait");
    const io::TimePoint deadline = wait ? core.now() + *wait : io::never;
    const auto address = io::IpAddress::parse(wanted);
    if (address) return print_name(arguments, core, *address, deadline);
    return print_addresses(arguments, core, wanted, deadline);
}

}  // namespace

Command resolve_command() {
    return {
        .name = "resolve",
        .summary = "look up the addresses of a name, or the name of an address",
        .about =
            "Looks names up as every program on this machine does: in /etc/hosts, at the name servers, and wherever "
            "else\n"
            "nsswitch.conf says. The best address comes first. Each is shown with its reach: loopback, link-local,\n"
            "private, public and so on. The host of an endpoint or a URL is looked up too.\n",
        .examples = {{"portico resolve localhost", "the addresses of a name"},
                     {"portico resolve 127.0.0.1", "the name of an address"},
                     {"portico resolve example.org -6 --json", "only IPv6, for a program"}},
        .arguments = {{.name = "NAME",
                       .meaning = "a host name or an IP address; HOST:PORT and URLs work too",
                       .kind = ValueKind::host,
                       .presence = Presence::required}},
        .options =
            {
                {.name = "ipv4", .letter = '4', .meaning = "only IPv4 addresses"},
                {.name = "ipv6", .letter = '6', .meaning = "only IPv6 addresses"},
                {.name = "wait",
                 .letter = 'w',
                 .value = "SECS",
                 .meaning = "give up after this long",
                 .kind = ValueKind::duration},
                {.name = "json", .meaning = "print JSON"},
            },
        .exit_codes = "6   the name was not found\n28  the --wait time has expired",
        .run = run_resolve,
    };
}

}  // namespace portico::app
