// portico/services/datagrams.h — datagrams received and answered many at a time.
//
// Room services: see service.h.
#pragma once

#include <array>
#include <cstddef>
#include <string_view>

#include "portico/services/service.h"

namespace portico::services {

// Room for any UDP datagram.
inline constexpr std::size_t datagram_room = 64 * 1024;

// What one recvmmsg brought, and the room for it: charged to the core's ledger. It outlives its tasks, and so does the
// socket that they are given.
class DatagramBatch {
public:
    static constexpr std::size_t datagrams_max = 16;

    // Room for datagrams of `octets_max`; longer ones are cut.
    DatagramBatch(io::Core& core, std::size_t octets_max);

    // Waits for datagrams. False when the task is asked to stop; errors that tell of an earlier answer are passed over.
    Task<bool> receive(io::Datagram& socket);
    // Makes `octets` the answer to each, instead of what was received. They outlive the batch.
    void replace_all(std::string_view octets);
    // Sends each back to where it came from. One that can't be sent is dropped, as UDP may.
    Task<void> send_all(io::Datagram& socket);

private:
    io::Core* core_;
    std::array<Buffer, datagrams_max> rooms_;
    std::array<io::DatagramSlot, datagrams_max> slots_;
    std::size_t received_ = 0;
};

}  // namespace portico::services
