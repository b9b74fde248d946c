// portico/app/interfaces.cc — `portico interfaces`: the machine's network interfaces.
//
// Room app: see command.h.
#include "portico/io/net/interfaces.h"

#include <fmt/core.h>

#include <string>

#include "portico/app/address_json.h"
#include "portico/app/commands.h"
#include "portico/app/notice.h"

namespace portico::app {
namespace {

std::string_view state_of(const io::Interface& interface) {
    if (!interface.is_up) return "down";
    return interface.is_running ? "up" : "no carrier";
}

std::string text_of(const io::Interface& interface) {
    std::string text = fmt::format("{:<15} {:<10} mtu {:<6}", interface.name, state_of(interface), interface.mtu);
    if (interface.mac) text += " " + io::text_of(*interface.mac);
    text.erase(text.find_last_not_of(' ') + 1);
    text += '\n';
    for (const io::InterfaceAddress& each : interface.addresses) {
        const std::string address = fmt::format("{}/{}", each.ip.text(), each.prefix_bits);
        text += fmt::format("    {:<43} {}\n", address, io::name_of(each.ip.reach()));
    }
    return text;
}

void add_interface(JsonPrinter& json, const io::Interface& interface) {
    json.open_object();
    json.member("index", interface.index);
    json.member("name", interface.name);
    json.member("mac", interface.mac ? std::optional(io::text_of(*interface.mac)) : std::nullopt);
    json.member("mtu", interface.mtu);
    json.member("up", interface.is_up);
    json.member("running", interface.is_running);
    json.member("loopback", interface.is_loopback);
    json.name("addresses");
    json.open_array();
    for (const io::InterfaceAddress& each : interface.addresses) {
        json.open_object();
        add_address(json, each.ip);
        json.member("prefix", each.prefix_bits);
        json.close_object();
    }
    json.close_array();
    json.close_object();
}

int run_interfaces(const Arguments& arguments) {
    const auto interfaces = io::list_interfaces();
    if (!interfaces) return complain(fmt::format("cannot list the interfaces: {}", io::describe(interfaces.error())));
    std::string text;
    std::string json_text;
    JsonPrinter json(json_text, http::JsonSpacing::after_separators);
    json.open_array();
    for (const io::Interface& interface : *interfaces) {
        text += text_of(interface);
        json.break_line("  ");
        add_interface(json, interface);
    }
    if (!text.empty()) json.break_line();
    json.close_array();
    say(arguments.has("json") ? json_text + "\n" : text);
    return exit_ok;
}

}  // namespace

Command interfaces_command() {
    return {
        .name = "interfaces",
        .summary = "list this machine's network interfaces and their addresses",
        .about =
            "Shows each interface with its state, the largest packet that it carries (MTU), its MAC address, and its\n"
            "IP addresses with the length of their prefix and from where they can be reached.\n",
        .examples = {{"portico interfaces", "which address to type on another machine"},
                     {"portico interfaces --json", "for a program"}},
        .options = {{.name = "json", .meaning = "print JSON"}},
        .run = run_interfaces,
    };
}

}  // namespace portico::app
