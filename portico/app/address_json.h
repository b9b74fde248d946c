// portico/app/address_json.h — how --json prints an IP address.
//
// Room app: see command.h.
// Threads:   none. Pure.
#pragma once

#include <string>

#include "portico/http/json.h"
#include "portico/io/net/address.h"

namespace portico::app {

// What --json prints.
using JsonPrinter = http::JsonWriter<std::string>;

// Adds members to the object that is open: "address": "::1", "family": "ipv6", "reach": "loopback".
void add_address(JsonPrinter& json, const io::IpAddress& address);

}  // namespace portico::app
