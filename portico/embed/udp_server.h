// portico/embed/udp_server.h — services over UDP: one call for each datagram.
//
//   std::string shout(std::string_view datagram) { return std::string(datagram) + "!"; }
//   return portico::UdpServer(shout).run(":7777");
//
// Room embed: see response.h.
// Threads:   any thread may call stop(), and any but the server's own wait().
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "portico/io/net/address.h"

namespace portico {

// Returns the answer to a datagram, or nothing if it is not answered. An empty answer is sent too. There is no way to
// know whether the datagram's source address is forged, so an answer should not be much larger than the datagram, and
// no other service should answer it: see AnswerTo.
using AnswerDatagram = std::function<std::optional<std::string>(std::string_view datagram)>;
// The same, with the address from which the datagram says that it comes.
using AnswerDatagramFrom =
    std::function<std::optional<std::string>(std::string_view datagram, const io::SocketAddress& peer)>;

// Whose datagrams a UdpServer takes.
enum class AnswerTo : std::uint8_t {
    everybody,  // only the program knows its protocol: DNS and NTP servers do talk to each other
    // Not those from ports that services send from, which would answer the answer: this server's own, those below 1024,
    // and a few that are known for it. And no answer is sent that is more than three times as large as its question,
    // headers counted: such a service is of little use for flooding others (docs/decisions/0009).
    clients,
};

// How a UdpServer is run.
class UdpOptions {
public:
    UdpOptions() {}  // NOLINT(modernize-use-equals-default): never an aggregate, which g++ 12 destroys twice

    AnswerTo answer_to = AnswerTo::everybody;  // whose datagrams are answered
    // Larger datagrams are dropped.
    std::size_t datagram_octets_max = 65'507;
    // Whether run() prints the addresses it listens on to standard error.
    bool announces = true;
};

// Receives datagrams, and calls a function for each, one at a time. There is no global state: a process may have many
// servers.
class UdpServer {
public:
    // Opens nothing yet.
    explicit UdpServer(AnswerDatagram answer, UdpOptions options = UdpOptions());
    // The same for a function that asks for the source.
    explicit UdpServer(AnswerDatagramFrom answer, UdpOptions options = UdpOptions());
    UdpServer(const UdpServer&) = delete;
    UdpServer& operator=(const UdpServer&) = delete;
    ~UdpServer();  // ends at once

    // Serves at `endpoint` (":7777", "udp://127.0.0.1:53") until SIGTERM or SIGINT arrives, as Server::run() does.
    // Returns the program's exit status: if it can't start, 1, with a sentence on standard error.
    int run(std::string_view endpoint);
    // Serves on a separate thread. Error: a sentence that says what failed and why.
    std::expected<void, std::string> start(std::string_view endpoint);
    // Ends: nothing more is received.
    void stop();
    // Waits for the end. Several threads may wait. Error: a sentence, if the function itself calls it.
    std::expected<void, std::string> wait();
    // The addresses it listens on. A port 0 is replaced by the port that was chosen.
    [[nodiscard]] std::vector<io::SocketAddress> local() const;
    // The port of the first of these.
    [[nodiscard]] std::uint16_t port() const;

private:
    struct Own;
    std::shared_ptr<Own> own_;
};

}  // namespace portico
