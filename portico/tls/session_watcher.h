// portico/tls/session_watcher.h — what goes through a session, record by record, for people who want to see it.
//
// Room tls: see session.h.
// Threads:   one core's.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace portico::tls {

enum class Direction : std::uint8_t { sent, received };

// A record, or a message in it.
struct Sighting {
    enum class Part : std::uint8_t {
        record,   // its header: RFC 8446 §5.1
        message,  // of a handshake, an alert, or a change of ciphers
    };
    Direction direction = Direction::sent;
    Part part = Part::record;
    // "handshake", "application data", "application data (handshake inside)"; "ClientHello", "alert: close notify"
    std::string name;
    std::size_t octets = 0;  // of the content, without the header
};

// Is told what a session sends and receives: each record, and then the messages that end in it.
class SessionWatcher {
public:
    virtual void saw(const Sighting& sighting) = 0;

protected:
    ~SessionWatcher() = default;
};

}  // namespace portico::tls
