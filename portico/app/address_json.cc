// portico/app/address_json.cc — how --json prints an IP address.
//
// Room app: see command.h.
#include "portico/app/address_json.h"

namespace portico::app {

void add_address(JsonPrinter& json, const io::IpAddress& address) {
    json.member("address", address.text());
    json.member("family", address.family() == io::Family::ipv4 ? "ipv4" : "ipv6");
    json.member("reach", io::name_of(address.reach()));
}

}  // namespace portico::app
