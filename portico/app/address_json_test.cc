// portico/app/address_json_test.cc — an address as --json prints it.
//
// Room app: see command.h.
#include "portico/app/address_json.h"

#include <gtest/gtest.h>

namespace portico::app {
namespace {

TEST(AddressJson, DescribesAnAddress) {
    std::string text;
    JsonPrinter json(text, http::JsonSpacing::after_separators);
    json.open_object();
    add_address(json, io::IpAddress::loopback(io::Family::ipv6));
    json.close_object();
    EXPECT_EQ(text, R"({"address": "::1", "family": "ipv6", "reach": "loopback"})");
}

}  // namespace
}  // namespace portico::app
