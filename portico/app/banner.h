// portico/app/banner.h — what `portico serve` says when it is ready: where to click, and who can connect.
//
// Room app: see command.h.
// Threads:   none. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "portico/io/address.h"

namespace portico::app {

// An address of this machine, and the interface that has it.
struct OwnAddress {
    std::string interface;
    io::IpAddress ip;
};

// One way in.
struct Door {
    std::string url;                        // "http://192.168.1.7:8080/"; "unix:/run/web.sock"
    std::string who;                        // who comes this way: "this machine", "eth0"
    io::Reach reach = io::Reach::loopback;  // a Unix socket counts as loopback: only this machine has it
    bool is_url = true;                     // false: no browser opens it
};

// The doors behind sockets that listen at `local`: one for each address of the machine where a socket listens on all of
// them.
std::vector<Door> doors_of(const std::vector<io::SocketAddress>& local, const std::vector<OwnAddress>& own);

// The door for a phone, or nothing where only this machine can come in.
const Door* door_for_others(const std::vector<Door>& doors);
// The door for a browser on this machine, or nothing where there are only Unix sockets.
const Door* door_for_us(const std::vector<Door>& doors);

enum class Asks : std::uint8_t { nothing, a_password };

struct Banner {
    std::string root;  // as shown
    std::vector<Door> doors;
    std::string taken_port;                // why it is another port than usual, a sentence; empty: it isn't
    std::optional<std::string> container;  // what kind this process is in
    std::string wider;                     // a command line that lets others in
    Asks asks = Asks::nothing;
    std::string ending;  // how to end it, a sentence; empty: nobody is there who could
};

std::string banner_text(const Banner& banner);

}  // namespace portico::app
