// portico/tls/client_rules.h — which clients a server lets in, and what it knows about them.
//
// Room tls: see session.h.
// Threads:   none. Values.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace portico::tls {

// Whether a client has to show a certificate of its own.
enum class ClientDemand : std::uint8_t {
    none,      // it is not asked for one
    optional,  // it may show none; one that can't be verified ends the handshake
    required,  // it is let in only with one that can be verified
};

struct ClientRules {
    ClientDemand demand = ClientDemand::none;
    // PEM text of the authorities whose certificates are accepted, at least one unless there is no demand.
    std::string authorities;
};

// A certificate that a peer has shown, as text for people and programs.
struct PeerCertificate {
    std::string subject;  // "CN=localhost,O=Portico"
    std::string issuer;
    std::chrono::sys_seconds ends;   // not valid after
    std::vector<std::string> names;  // "example.org", "192.0.2.1": see Credentials::names()
    std::string fingerprint;         // the SHA-256 hash, "AB:CD:…"
};

}  // namespace portico::tls
