// portico/server/access_log.h — one line per request, at a cost the request does not feel.
//
// Room server: see limits.h.
// Threads:   each core records into a ring of its own; one writer thread empties the rings. record() never waits: when
// a ring is
//            full the entry is dropped and counted, and the log says how many.
#pragma once

#include <chrono>
#include <cstdint>
#include <expected>
#include <memory>
#include <string>
#include <string_view>

#include "portico/http/message.h"
#include "portico/io/address.h"

namespace portico::server {

enum class LogFormat : std::uint8_t { off, text, json, combined };
enum class Colour : std::uint8_t { never, always };

struct AccessLogOptions {
    LogFormat format = LogFormat::text;
    std::string path;               // empty: standard output
    Colour colour = Colour::never;  // `text` only
};

// One request, answered or given up. Views are copied by record(). A view without data (a default-made one) says that
// there was no such thing; an empty one with data, that it was empty: `combined` tells them apart, as Apache does.
struct AccessEntry {
    std::chrono::system_clock::time_point at;        // when the request's head was complete
    std::chrono::steady_clock::duration duration{};  // from then to the last octet handed to the kernel
    const io::SocketAddress* peer = nullptr;
    std::string_view method;
    std::string_view target;
    http::Version version = http::Version::http_1_1;
    http::Status status = http::Status::ok;
    std::uint64_t content_octets = 0;  // of the response, without its head
    std::string_view user;             // who authenticated; without data: nobody
    std::string_view referer;
    std::string_view user_agent;
    std::string_view reason;  // why it was refused, for `text` and `json`; empty otherwise
    bool complete = true;     // false: the connection broke before the end of the response
};

class AccessLog {
public:
    // Error: why the file can't be opened, with what to do.
    static std::expected<std::unique_ptr<AccessLog>, std::string> open(const AccessLogOptions& options, unsigned cores);
    AccessLog(const AccessLog&) = delete;
    AccessLog& operator=(const AccessLog&) = delete;
    ~AccessLog();  // writes what the rings hold

    // From core number `core` (0 …) only.
    void record(unsigned core, const AccessEntry& entry);
    [[nodiscard]] bool is_off() const;
    void reopen();                                // SIGUSR1: after the file has been moved away. From any thread.
    [[nodiscard]] std::uint64_t dropped() const;  // entries, since the start

private:
    struct Impl;
    explicit AccessLog(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

}  // namespace portico::server
