// portico/link/part.cc — see part.h.
#include "portico/link/part.h"

#include <memory>

#include "portico/link/limits_in_force.h"

namespace portico::link {

Task<void> part(Transport transport, InboundContext& context, io::Duration time_max, std::size_t octets_max) {
    io::Core& core = transport.core();
    Backlog& backlog = transport.backlog();
    const bool leaves_delivery = context.is_draining();
    co_await transport.drain(time_max, octets_max);
    if (leaves_delivery || backlog.is_small()) co_return;
    const std::shared_ptr<const LimitsInForce> in_force = context.in_force();  // the patience refers to them
    Patience patience(in_force->limits, backlog);
    while (backlog.ask() > 0) {
        if (!transport.finish_sending()) co_return;  // it has been reset in the meantime
        io::SleepUntil wait = io::sleep_until(core, patience.next_look(core.now()));
        bool slept = false;
        {
            const WaitingPlace place(context.transfers(), wait);
            slept = co_await wait;
        }
        // Ended to release memory; or the server is stopping, and the kernel delivers what it still holds.
        const bool must_reset = slept ? !patience.lasts(core.now()) : core.ledger().is_strained();
        if (must_reset) transport.abort_on_close();
        if (must_reset || !slept) co_return;
    }
}

}  // namespace portico::link
