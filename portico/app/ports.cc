// portico/app/ports.cc — `portico ports`: the names of known ports, and the sockets that listen on this machine.
//
// Room app: see command.h.
#include "portico/io/net/ports.h"

#include <fmt/core.h>

#include <algorithm>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "portico/app/address_json.h"
#include "portico/app/commands.h"
#include "portico/app/notice.h"
#include "portico/base/nearest.h"
#include "portico/base/printable.h"
#include "portico/base/quantity.h"

namespace portico::app {
namespace {

using io::EndpointScheme;
using io::KnownPort;
using io::ListeningSocket;

std::string_view name_of(EndpointScheme transport) {
    switch (transport) {
        case EndpointScheme::tcp: return "tcp";
        case EndpointScheme::udp: return "udp";
        case EndpointScheme::unix_stream: return "unix";
        case EndpointScheme::stdio: break;
    }
    return "stdio";
}

// Matches by name, by number, or by either with the transport: "80", "80/tcp", "http/tcp".
bool is_meant(const KnownPort& known, std::string_view wanted) {
    const std::size_t slash = wanted.find('/');
    if (slash != std::string_view::npos && wanted.substr(slash + 1) != name_of(known.transport)) return false;
    wanted = wanted.substr(0, slash);
    return known.is_called(wanted) || std::to_string(known.number) == wanted;
}

// Sorted by number, because that is how people look for them.
std::vector<KnownPort> sorted_ports() {
    std::vector<KnownPort> ports = io::known_ports();
    std::ranges::sort(ports, {},
                      [](const KnownPort& port) { return std::tuple(port.number, port.transport, port.name); });
    return ports;
}

int complain_of_unknown_port(std::string_view wanted) {
    const auto number = parse_count(wanted);
    if (number && *number > 65'535)
        return complain_of_misuse(fmt::format("{} is not a port: the largest is 65535", wanted));
    if (number) {
        return complain(fmt::format("no service is known for port {}", wanted),
                        fmt::format("portico ports {} --listening", wanted));
    }
    std::vector<std::string_view> names;
    for (const KnownPort& known : io::known_ports()) {
        names.push_back(known.name);
        names.insert(names.end(), known.aliases.begin(), known.aliases.end());
    }
    const auto meant = nearest(wanted, names);
    const std::string question = meant ? fmt::format("; did you mean '{}'?", *meant) : "";
    return complain(fmt::format("no service is called '{}'{}", wanted, question),
                    meant ? fmt::format("portico ports {}", *meant) : "portico ports");
}

void add_known(JsonPrinter& json, const KnownPort& known) {
    json.open_object();
    json.member("name", known.name);
    json.member("port", known.number);
    json.member("transport", name_of(known.transport));
    json.name("aliases");
    json.open_array();
    for (const std::string& alias : known.aliases) json.value(alias);
    json.close_array();
    json.close_object();
}

int print_known(const Arguments& arguments, std::optional<std::string_view> wanted) {
    std::string text;
    std::string json_text;
    JsonPrinter json(json_text, http::JsonSpacing::after_separators);
    json.open_array();
    for (const KnownPort& known : sorted_ports()) {
        if (wanted && !is_meant(known, *wanted)) continue;
        std::string line = fmt::format("{:<16} {}/{}", known.name, known.number, name_of(known.transport));
        line.resize(std::max<std::size_t>(line.size() + 1, 28), ' ');
        for (const std::string& alias : known.aliases) line += alias + " ";
        line.erase(line.find_last_not_of(' ') + 1);
        text += line + "\n";
        json.break_line("  ");
        add_known(json, known);
    }
    if (text.empty()) return complain_of_unknown_port(*wanted);
    json.break_line();
    json.close_array();
    say(arguments.has("json") ? json_text + "\n" : text);
    return exit_ok;
}

// Matches by port, by the port's name, or by a process that holds it.
bool is_meant(const ListeningSocket& socket, std::string_view wanted) {
    if (std::ranges::find(socket.held_by, wanted, &io::Process::name) != socket.held_by.end()) return true;
    if (socket.transport == EndpointScheme::unix_stream) return false;
    return std::to_string(socket.local.port) == wanted || io::port_named(wanted, socket.transport) == socket.local.port;
}

void add_socket(JsonPrinter& json, const ListeningSocket& socket) {
    json.open_object();
    json.member("transport", name_of(socket.transport));
    json.member("endpoint", io::endpoint_at(socket.local, socket.transport).text());
    const bool has_address = socket.transport != EndpointScheme::unix_stream;
    json.member("address", has_address ? std::optional(socket.local.ip.text()) : std::nullopt);
    json.member("port", has_address ? std::optional(socket.local.port) : std::nullopt);
    json.name("processes");
    json.open_array();
    for (const io::Process& process : socket.held_by) {
        json.open_object();
        json.member("pid", static_cast<std::uint64_t>(process.pid));
        json.member("name", process.name);
        json.close_object();
    }
    json.close_array();
    json.close_object();
}

int print_listening(const Arguments& arguments, std::optional<std::string_view> wanted) {
    const auto sockets = io::list_listening();
    if (!sockets) return complain(fmt::format("cannot list the sockets: {}", io::describe(sockets.error())));
    std::string text;
    std::string json_text;
    JsonPrinter json(json_text, http::JsonSpacing::after_separators);
    json.open_array();
    for (const ListeningSocket& socket : *sockets) {
        if (wanted && !is_meant(socket, *wanted)) continue;
        const std::string endpoint = printable(io::endpoint_at(socket.local, socket.transport).text());
        text += fmt::format("{:<39} {}\n", endpoint, io::describe_holders(socket));
        json.break_line("  ");
        add_socket(json, socket);
    }
    if (text.empty() && wanted)
        return complain(fmt::format("nothing listens on {}", *wanted), "portico ports --listening");
    if (!text.empty()) json.break_line();
    json.close_array();
    say(arguments.has("json") ? json_text + "\n" : text);
    return exit_ok;
}

int run_ports(const Arguments& arguments) {
    const auto wanted = arguments.positional(0);
    return arguments.has("listening") ? print_listening(arguments, wanted) : print_known(arguments, wanted);
}

}  // namespace

Command ports_command() {
    return {
        .name = "ports",
        .summary = "names of ports, or which processes listen on this machine",
        .about =
            "Without --listening: the services of /etc/services and other well-known ones. Upper and lower case are "
            "the\n"
            "same. With --listening: every socket that accepts connections or receives datagrams, and the processes "
            "that\n"
            "hold it; only root can see the processes of other users.\n",
        .examples = {{"portico ports https", "which port it has"},
                     {"portico ports 8080 --listening", "which process listens on it"},
                     {"portico ports --listening --json", "all of them, for a program"}},
        .arguments = {{.name = "NAME", .meaning = "a service or a port; with --listening also a process"}},
        .options =
            {
                {.name = "listening", .letter = 'l', .meaning = "show the processes that listen on this machine"},
                {.name = "json", .meaning = "print JSON"},
            },
        .run = run_ports,
    };
}

}  // namespace portico::app
