// portico/http/fields_bench.cc — measures the cost of the field lookups that every request for a file makes.
//
// Room http: see status.h.
#include "portico/http/fields.h"

#include <benchmark/benchmark.h>

#include <string>

#include "portico/http/content_type.h"
#include "portico/http/message.h"
#include "portico/http/negotiate.h"
#include "portico/http/preconditions.h"
#include "portico/http/target.h"

namespace portico::http {
namespace {

void recognise_name(benchmark::State& state, std::string_view name) {
    for (auto _ : state) {
        benchmark::DoNotOptimize(name);
        benchmark::DoNotOptimize(recognise(name));
    }
}
BENCHMARK_CAPTURE(recognise_name, host, "Host");
BENCHMARK_CAPTURE(recognise_name, accept_encoding, "accept-encoding");
BENCHMARK_CAPTURE(recognise_name, longest, "Access-Control-Request-Headers");
BENCHMARK_CAPTURE(recognise_name, unknown, "X-Request-Id");

void recognise_get(benchmark::State& state) {
    std::string_view token = "GET";
    for (auto _ : state) {
        benchmark::DoNotOptimize(token);
        benchmark::DoNotOptimize(recognise_method(token));
    }
}
BENCHMARK(recognise_get);

void fill_and_clear(benchmark::State& state) {
    FieldSection section;
    for (auto _ : state) {
        section.add("Host", "127.0.0.1:8080");
        section.add("User-Agent", "curl/7.88.1");
        section.add("Accept", "*/*");
        section.add("Accept-Encoding", "gzip, deflate, br, zstd");
        section.add("Connection", "keep-alive");
        benchmark::DoNotOptimize(section);
        section.clear();
    }
}
BENCHMARK(fill_and_clear);

void decode(benchmark::State& state, std::string_view raw) {
    std::string buffer;
    for (auto _ : state) {
        benchmark::DoNotOptimize(raw);
        benchmark::DoNotOptimize(decode_path(raw, buffer));
    }
}
BENCHMARK_CAPTURE(decode, plain, "/assets/js/vendor.8f3a91.js");
BENCHMARK_CAPTURE(decode, escaped, "/a%20b/gr%C3%BC%C3%9Fe/./x/../c.html");

void choose(benchmark::State& state, std::string_view value) {
    FieldSection request;
    request.add(FieldName::accept_encoding, value);
    CodingSet available;
    available.add(Coding::gzip);
    available.add(Coding::br);
    for (auto _ : state) benchmark::DoNotOptimize(choose_coding(request, available));
}
BENCHMARK_CAPTURE(choose, browser, "gzip, deflate, br, zstd");
BENCHMARK_CAPTURE(choose, weighed, "gzip;q=1.0, identity; q=0.5, *;q=0");

void evaluate(benchmark::State& state, FieldName name, std::string_view value) {
    FieldSection request;
    request.add(name, value);
    const std::chrono::sys_seconds now{std::chrono::seconds(1'700'000'000)};
    const Validators validators{"\"1000-17979cfe3d85cd15\"", now - std::chrono::hours(1)};
    for (auto _ : state) benchmark::DoNotOptimize(evaluate_preconditions(request, Method::get, validators, now));
}
BENCHMARK_CAPTURE(evaluate, none, FieldName::host, "a");
BENCHMARK_CAPTURE(evaluate, if_none_match, FieldName::if_none_match, "\"1000-17979cfe3d85cd15\"");
BENCHMARK_CAPTURE(evaluate, if_modified_since, FieldName::if_modified_since, "Tue, 14 Nov 2023 22:13:20 GMT");

void type_of(benchmark::State& state, std::string_view path) {
    for (auto _ : state) {
        benchmark::DoNotOptimize(path);
        benchmark::DoNotOptimize(content_type_of(path));
    }
}
BENCHMARK_CAPTURE(type_of, html, "/index.html");
BENCHMARK_CAPTURE(type_of, longest, "/assets/site.webmanifest");
BENCHMARK_CAPTURE(type_of, unknown, "/a.unknown");

}  // namespace
}  // namespace portico::http
