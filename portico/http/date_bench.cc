// portico/http/date_bench.cc — measures the cost of writing and reading a date.
//
// Room http: see status.h.
#include "portico/http/date.h"

#include <benchmark/benchmark.h>

#include <array>

namespace portico::http {
namespace {

using std::chrono::seconds;
using std::chrono::sys_seconds;

void write_date(benchmark::State& state) {
    std::array<char, imf_fixdate_octets> room{};
    sys_seconds time{seconds(1'700'000'000)};
    for (auto _ : state) {
        write_imf_fixdate(time, room);
        benchmark::DoNotOptimize(room);
        time += seconds(1);
    }
}
BENCHMARK(write_date);

void read_date(benchmark::State& state, std::string_view text) {
    const sys_seconds now{seconds(1'700'000'000)};
    for (auto _ : state) {
        benchmark::DoNotOptimize(text);
        benchmark::DoNotOptimize(parse_date(text, now));
    }
}
BENCHMARK_CAPTURE(read_date, imf_fixdate, "Sun, 06 Nov 1994 08:49:37 GMT");
BENCHMARK_CAPTURE(read_date, rfc850, "Sunday, 06-Nov-94 08:49:37 GMT");
BENCHMARK_CAPTURE(read_date, asctime, "Sun Nov  6 08:49:37 1994");

}  // namespace
}  // namespace portico::http
