// portico/app/banner.h — what `portico serve` prints when it is ready: which address to open, and who can connect.
//
// Room app: see command.h.
// Threads:   none. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "portico/http/message.h"
#include "portico/io/net/address.h"

namespace portico::app {

// An address of this machine, and the interface that has it.
struct OwnAddress {
    std::string interface;
    io::IpAddress ip;
};

// One way to reach the server.
struct Door {
    std::string url;                        // "http://192.168.1.7:8080/"; "unix:/run/web.sock"
    std::string who;                        // who can use it: "this machine", "eth0"
    io::Reach reach = io::Reach::loopback;  // a Unix socket counts as loopback: only this machine has it
    bool is_url = true;                     // false: no browser opens it
};

// Returns the doors of the sockets that listen at `local`. A socket that listens on every address has one door for each
// address of the machine.
std::vector<Door> doors_of(const std::vector<io::SocketAddress>& local, const std::vector<OwnAddress>& own,
                           http::Scheme scheme = http::Scheme::http);

// Returns a door for a phone, or null if only this machine can connect.
const Door* door_for_others(const std::vector<Door>& doors);
// Returns a door for a browser on this machine, or null if there are only Unix sockets.
const Door* door_for_us(const std::vector<Door>& doors);

enum class Asks : std::uint8_t { nothing, a_password };

struct Banner {
    std::string root;  // as shown
    std::vector<Door> doors;
    std::string taken_port;                // why the port is not the usual one, as a sentence; else empty
    std::optional<std::string> container;  // the kind of container that this process is in
    std::string wider;                     // a command line that lets other machines connect
    std::uint16_t port = 0;                // the port to publish in a container; 0 if there is none
    Asks asks = Asks::nothing;
    std::string ending;  // how to stop the server, as a sentence; empty if no person is at the terminal
};

std::string banner_text(const Banner& banner);

}  // namespace portico::app
