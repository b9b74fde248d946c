// portico/app/interfaces.cc — `portico interfaces`: the machine's network interfaces.
//
// Room app: see command.h.
#include "portico/io/net/interfaces.h"

#include <fmt/core.h>

#include <string>

#include "portico/app/commands.h"
#include "portico/app/json_text.h"
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

JsonText json_of_interface(const io::Interface& interface) {
    JsonArray addresses;
    for (const io::InterfaceAddress& each : interface.addresses) {
        addresses.add(json_object_of(each.ip).add("prefix", std::uint64_t{each.prefix_bits}).done());
    }
    return JsonObject()
        .add("index", std::uint64_t{interface.index})
        .add("name", interface.name)
        .add("mac", interface.mac ? json_of(io::text_of(*interface.mac)) : json_null())
        .add("mtu", std::uint64_t{interface.mtu})
        .add("up", interface.is_up)
        .add("running", interface.is_running)
        .add("loopback", interface.is_loopback)
        .add("addresses", addresses.done())
        .done();
}

int run_interfaces(const Arguments& arguments) {
    const auto interfaces = io::list_interfaces();
    if (!interfaces) return complain(fmt::format("cannot list the interfaces: {}", io::describe(interfaces.error())));
    std::string text;
    JsonArray json;
    for (const io::Interface& interface : *interfaces) {
        text += text_of(interface);
        json.add_line(json_of_interface(interface));
    }
    say(arguments.has("json") ? json.done().text + "\n" : text);
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
