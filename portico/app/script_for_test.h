// portico/app/script_for_test.h — what a peer does in a test, step by step.
//
// Room app: see command.h. Included by tests alone.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "portico/base/task.h"
#include "portico/io/core.h"
#include "portico/io/stream.h"

namespace portico::app {

struct Step {
    enum class What : std::uint8_t { write, finish, pause, read_to_end, reset } what;
    std::string octets = {};
    io::Duration time = {};
};
inline Step writes(std::string octets) { return {.what = Step::What::write, .octets = std::move(octets)}; }
inline Step pauses(io::Duration time) { return {.what = Step::What::pause, .time = time}; }
inline constexpr Step::What finishes = Step::What::finish;
inline constexpr Step::What reads_to_end = Step::What::read_to_end;
inline constexpr Step::What resets = Step::What::reset;
using Script = std::vector<Step>;

// Plays a script at one end of a stream, and then closes it. `heard`: what was read.
inline Task<void> play(io::Core& core, io::Stream stream, Script script, std::string& heard) {
    for (const Step& step : script) {
        switch (step.what) {
            case Step::What::write: {
                const io::Result<void> written = co_await stream.write_all(step.octets, io::never);
                if (!written) co_return;
                break;
            }
            case Step::What::finish: static_cast<void>(stream.finish_sending()); break;
            case Step::What::pause: {
                const bool slept = co_await io::sleep_for(core, step.time);
                if (!slept) co_return;
                break;
            }
            case Step::What::read_to_end:
                for (;;) {
                    const io::Result<Buffer> read = co_await stream.read(core.buffers(), io::never);
                    if (!read || read->empty()) break;
                    heard += read->octets();
                }
                break;
            case Step::What::reset: stream.abort_on_close(); co_return;
        }
    }
}

}  // namespace portico::app
