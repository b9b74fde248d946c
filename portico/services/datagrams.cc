// portico/services/datagrams.cc — see datagrams.h.
#include "portico/services/datagrams.h"

#include <cerrno>
#include <span>

namespace portico::services {

DatagramBatch::DatagramBatch(io::Core& core, std::size_t octets_max) : core_(&core) {
    for (Buffer& room : rooms_) room = core.buffers().borrow(octets_max);
}

Task<bool> DatagramBatch::receive(io::Datagram& socket) {
    for (;;) {
        for (std::size_t i = 0; i < datagrams_max; ++i) slots_[i].octets = rooms_[i].room();
        const io::Result<std::size_t> received = co_await socket.receive(slots_, io::never);
        if (received) {
            received_ = *received;
            co_return true;
        }
        if (received.error().number == ECANCELED) co_return false;
        // Most are the fate of an answer (ICMP), of which there are as many as answers; some are the machine's.
        const io::Duration pause = io::accept_pause(received.error());
        if (pause > io::Duration::zero()) {
            const bool slept = co_await io::sleep_for(*core_, pause);
            if (!slept) co_return false;
        }
    }
}

void DatagramBatch::replace_all(std::string_view octets) {
    // A slot's octets are writable for receiving; sending leaves them as they are.
    const std::span<char> answer(const_cast<char*>(octets.data()), octets.size());
    for (io::DatagramSlot& slot : std::span(slots_).first(received_)) {
        slot.octets = answer;
        slot.segment_octets = 0;
    }
}

Task<void> DatagramBatch::send_all(io::Datagram& socket) {
    std::span<const io::DatagramSlot> left = std::span(slots_).first(received_);
    while (!left.empty()) {
        const io::Result<std::size_t> sent = co_await socket.send(left, io::never);
        if (!sent && sent.error().number == ECANCELED) co_return;
        left = left.subspan(sent.value_or(1));
    }
}

}  // namespace portico::services
