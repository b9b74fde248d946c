// portico/app/json_text.cc — see json_text.h.
//
// Room app: see command.h.
#include "portico/app/json_text.h"

#include "portico/http/json.h"

namespace portico::app {

JsonText json_of(std::string_view value) {
    JsonText json;
    http::append_json_string(json.text, value);
    return json;
}

JsonText json_of(std::uint64_t value) { return {std::to_string(value)}; }

JsonText json_of(bool value) { return {value ? "true" : "false"}; }

void JsonObject::add_text(std::string_view name, std::string_view value) {
    if (!members_.empty()) members_ += ", ";
    http::append_json_string(members_, name);
    members_ += ": ";
    members_ += value;
}

JsonObject json_object_of(const io::IpAddress& address) {
    JsonObject object;
    object.add("address", address.text())
        .add("family", address.family() == io::Family::ipv4 ? "ipv4" : "ipv6")
        .add("reach", io::name_of(address.reach()));
    return object;
}

}  // namespace portico::app
