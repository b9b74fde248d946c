// portico/link/punctual_for_test.h — a simulated machine without delays and shortages.
//
// Room link: see h1_inbound.h. Included by tests and fuzz targets alone.
#pragma once

#include <chrono>

#include "portico/io/sim/sim_kernel.h"

namespace portico::link {

// A machine without delays and shortages, so that a test can count octets and milliseconds.
inline io::SimFaults punctual() {
    io::SimFaults faults;
    faults.late = faults.short_read = faults.short_write = faults.cold = faults.cancel_late = 0;
    faults.delay_max = std::chrono::milliseconds(0);
    faults.buffer_octets_min = faults.buffer_octets_max = 64 * 1024;
    return faults;
}

}  // namespace portico::link
