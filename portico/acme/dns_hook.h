// portico/acme/dns_hook.h — proves by dns-01, with a program that changes a zone (RFC 8555 §8.4).
//
// Room acme: see base64url.h.
// Threads:   one core's.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "portico/acme/prover.h"
#include "portico/io/child_process.h"
#include "portico/io/core.h"

namespace portico::acme {

// Calls `PROGRAM add NAME VALUE` and, later, `PROGRAM remove NAME VALUE`: there is to be a TXT record NAME,
// "_acme-challenge.example.org", with this VALUE. No shell reads the words. Once `add` has ended with 0, the authority
// looks.
class DnsHook final : public Prover {
public:
    // The core outlives it. `time_max`: for one call; a program that takes longer is killed.
    DnsHook(io::Core& core, std::string program, std::chrono::seconds time_max = std::chrono::minutes(5));

    [[nodiscard]] std::vector<std::string> types(unsigned attempt) const override;
    [[nodiscard]] Task<Result<void>> show(Proof proof) override;
    // Starts the program and goes on. It is killed when this object is destroyed.
    void take_back(const Proof& proof) noexcept override;

private:
    struct Leaving {
        io::ChildProcess process;
        io::TimePoint latest;
    };
    void forget_ended();

    io::Core* core_;
    std::string program_;
    std::chrono::seconds time_max_;
    std::vector<Leaving> leaving_;  // calls of `remove`
};

}  // namespace portico::acme
