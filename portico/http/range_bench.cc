// portico/http/range_bench.cc — measures the cost of reading a Range, including the worst one.
//
// Room http: see status.h.
#include "portico/http/range.h"

#include <benchmark/benchmark.h>

#include <string>

namespace portico::http {
namespace {

void select(benchmark::State& state, const std::string& value) {
    for (auto _ : state) benchmark::DoNotOptimize(select_ranges(value, 1'000'000));
}
BENCHMARK_CAPTURE(select, single, "bytes=500-999");
BENCHMARK_CAPTURE(select, three, "bytes=0-99, 500-599, -100");
BENCHMARK_CAPTURE(select, sixteen,
                  "bytes=0-0,2-2,4-4,6-6,8-8,10-10,12-12,14-14,16-16,18-18,20-20,22-22,24-24,26-26,28-28,30-30");
BENCHMARK_CAPTURE(select, too_many, [] {
    std::string value = "bytes=";
    while (value.size() < 8000) value += "0-0,";
    return value;
}());
BENCHMARK_CAPTURE(select, only_commas, "bytes=" + std::string(8000, ','));

}  // namespace
}  // namespace portico::http
