// Measures the access log's cost: a core's part (push), the writer's part (a line), and both with the file.
#include <benchmark/benchmark.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <string>
#include <thread>
#include <vector>

#include "portico/server/access_line.h"
#include "portico/server/access_log.h"
#include "portico/server/access_ring.h"

namespace portico::server {
namespace {

AccessEntry usual_entry(const io::SocketAddress& peer) {
    AccessEntry entry;
    entry.at = std::chrono::system_clock::time_point{std::chrono::seconds{1'795'228'043}};
    entry.duration = std::chrono::microseconds{215};
    entry.peer = &peer;
    entry.method = "GET";
    entry.target = "/small.html";
    entry.content_octets = 128;
    entry.user_agent = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0";
    return entry;
}

const io::SocketAddress peer = io::SocketAddress::of(io::IpAddress::v4({192, 0, 2, 1}), 54321);

void push_and_pop(benchmark::State& state) {
    AccessRing ring({});
    const AccessEntry entry = usual_entry(peer);
    for (auto _ : state) {
        benchmark::DoNotOptimize(ring.push(entry));
        benchmark::DoNotOptimize(ring.front());
        ring.pop();
    }
}
BENCHMARK(push_and_pop);

void write_line(benchmark::State& state) {
    AccessLineWriter writer(static_cast<LogFormat>(state.range(0)), Colour::never, LineDate::written);
    const AccessEntry entry = usual_entry(peer);
    std::vector<char> room(AccessLineWriter::octets_at_most(entry));
    for (auto _ : state) benchmark::DoNotOptimize(writer.write(entry, room));
}
BENCHMARK(write_line)
    ->Arg(static_cast<int>(LogFormat::text))
    ->Arg(static_cast<int>(LogFormat::json))
    ->Arg(static_cast<int>(LogFormat::combined));

// The CPU time that both threads take for each entry, the file included. Entries come as fast as the ring takes them,
// which never happens in a server, so the cost of waking the writer is not included.
void record_to_file(benchmark::State& state) {
    std::array<char, 64> path{"/tmp/portico-access-log-bench-XXXXXX"};
    ::close(::mkstemp(path.data()));
    const AccessEntry entry = usual_entry(peer);
    {
        const auto log = AccessLog::open(
            {.format = static_cast<LogFormat>(state.range(0)), .path = path.data(), .colour = Colour::never}, 1);
        std::uint64_t dropped = 0;
        for (auto _ : state) {
            (*log)->record(0, entry);
            if ((*log)->dropped() != dropped) {
                dropped = (*log)->dropped();
                std::this_thread::sleep_for(std::chrono::milliseconds{1});
            }
        }
        state.counters["dropped"] = static_cast<double>(dropped);
    }
    ::unlink(path.data());
}
BENCHMARK(record_to_file)
    ->Arg(static_cast<int>(LogFormat::text))
    ->Arg(static_cast<int>(LogFormat::json))
    ->Arg(static_cast<int>(LogFormat::combined))
    ->MeasureProcessCPUTime();

}  // namespace
}  // namespace portico::server
