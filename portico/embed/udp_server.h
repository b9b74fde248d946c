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
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "portico/embed/socket_server.h"
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
    // Whether run() tells the operator the addresses that it listens on.
    bool announces = true;
    // Gets each sentence for the program's operator instead of standard error: see Options::log.
    std::function<void(std::string_view sentence)> log;
};

// Receives datagrams, and calls a function for each, one at a time.
class UdpServer final : public SocketServer {
public:
    // Opens nothing yet.
    explicit UdpServer(AnswerDatagram answer, UdpOptions options = UdpOptions());
    // The same for a function that asks for the source.
    explicit UdpServer(AnswerDatagramFrom answer, UdpOptions options = UdpOptions());
};

}  // namespace portico
