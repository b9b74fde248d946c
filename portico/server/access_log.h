// portico/server/access_log.h — writes one line for each request, without making requests noticeably slower.
//
// Room server: see limits.h.
// Threads:   each core records into its own ring; one writer thread empties the rings. record() never waits: if a ring
//            is full, the entry is dropped and counted, and the log reports how many were dropped.
#pragma once

#include <chrono>
#include <cstdint>
#include <expected>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "portico/http/message.h"
#include "portico/io/net/address.h"

namespace portico::server {

enum class LogFormat : std::uint8_t { off, text, json, combined };
enum class Colour : std::uint8_t { never, always };

struct AccessLogOptions {
    LogFormat format = LogFormat::text;
    std::string path;               // empty: standard output
    Colour colour = Colour::never;  // `text` only
    // Gets each line, without its line break, on the writer's thread, instead of `path`. It does not throw.
    std::function<void(std::string_view line)> lines{};
    // Gets what the operator has to know of the log itself, instead of standard error. Also on the writer's thread; it
    // does not throw.
    std::function<void(std::string_view sentence)> tell{};
};

// One request, answered or abandoned. record() copies the views. A view without data (default-constructed) means that
// the request had no such part; an empty view with data means that the part was empty. `combined` distinguishes the
// two, as Apache does.
struct AccessEntry {
    std::chrono::system_clock::time_point at;        // when the request's head was complete
    std::chrono::steady_clock::duration duration{};  // from then to the last octet handed to the kernel
    const io::SocketAddress* peer = nullptr;
    std::string_view method;
    std::string_view target;
    http::Version version = http::Version::http_1_1;
    http::Status status = http::Status::ok;
    std::uint64_t content_octets = 0;  // of the response, without its head
    std::string_view user;             // the authenticated user; without data: none
    std::string_view referer;
    std::string_view user_agent;
    std::string_view reason;  // why the request was refused, for `text` and `json`; empty otherwise
    bool complete = true;     // false: the connection broke before the end of the response
};

class AccessLog {
public:
    // Error: why the file can't be opened, and what to do.
    static std::expected<std::unique_ptr<AccessLog>, std::string> open(const AccessLogOptions& options, unsigned cores);
    AccessLog(const AccessLog&) = delete;
    AccessLog& operator=(const AccessLog&) = delete;
    ~AccessLog();  // writes the entries that the rings hold

    // Must be called on core number `core` (0 …) only.
    void record(unsigned core, const AccessEntry& entry);
    [[nodiscard]] bool is_off() const;
    void reopen();                                // for SIGUSR1, after the file has been moved away. From any thread.
    [[nodiscard]] std::uint64_t dropped() const;  // number of entries since the start

private:
    struct Impl;
    explicit AccessLog(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

}  // namespace portico::server
