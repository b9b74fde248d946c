// portico/wire/h1/read_head_bench.cc — measures the cost of reading and writing a head.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "portico/wire/h1/read_chunked.h"
#include "portico/wire/h1/read_head.h"
#include "portico/wire/h1/scan.h"
#include "portico/wire/h1/write_head.h"

namespace portico::h1 {
namespace {

constexpr std::string_view load_generator_head =
    "GET /small.html HTTP/1.1\r\n"
    "Host: 127.0.0.1:8080\r\n"
    "\r\n";

constexpr std::string_view browser_head =
    "GET /docs/guide/index.html?from=search HTTP/1.1\r\n"
    "Host: www.example.org\r\n"
    "Connection: keep-alive\r\n"
    "Cache-Control: max-age=0\r\n"
    "sec-ch-ua-mobile: ?0\r\n"
    "Upgrade-Insecure-Requests: 1\r\n"
    "User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 "
    "Safari/537.36\r\n"
    "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8\r\n"
    "Sec-Fetch-Site: same-origin\r\n"
    "Referer: https://www.example.org/search?q=guide\r\n"
    "Accept-Encoding: gzip, deflate, br, zstd\r\n"
    "Accept-Language: en-GB,en;q=0.9\r\n"
    "Cookie: session=0123456789abcdef0123456789abcdef; theme=dark\r\n"
    "\r\n";

void read_whole(benchmark::State& state, std::string_view head) {
    http::Request request;
    const HeadLimits limits;
    const std::string received(head);
    for (auto _ : state) {
        HeadNotes notes;
        const auto octets = read_head(received, notes, limits, request);
        if (!octets || !*octets || (*octets)->octets != head.size()) std::abort();
        benchmark::DoNotOptimize(request);
    }
    state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(head.size()));
}
BENCHMARK_CAPTURE(read_whole, load_generator, load_generator_head);
BENCHMARK_CAPTURE(read_whole, browser, browser_head);

// Feeds a whole head in pieces of `range` octets. The octets are the same, however they are cut.
void read_in_pieces(benchmark::State& state) {
    http::Request request;
    const HeadLimits limits;
    const auto piece = static_cast<std::size_t>(state.range(0));
    std::string received = "GET / HTTP/1.1\r\nHost: a\r\nX: ";
    received.append(15'000, 'x').append("\r\n\r\n");
    for (auto _ : state) {
        HeadNotes notes;
        for (std::size_t size = 0; size < received.size();) {
            size = std::min(size + piece, received.size());
            const auto octets = read_head(std::string_view(received).substr(0, size), notes, limits, request);
            if (!octets) std::abort();
            benchmark::DoNotOptimize(request);
        }
    }
    state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(received.size()));
}
BENCHMARK(read_in_pieces)->Arg(1)->Arg(100)->Arg(100'000);

void classify(benchmark::State& state, std::string_view name) {
    for (const Classifier& classifier : classifiers()) {
        if (classifier.name != name) continue;
        for (auto _ : state) {
            benchmark::DoNotOptimize(classifier.classify(browser_head.data()));
        }
    }
    state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(block_octets));
}
BENCHMARK_CAPTURE(classify, scalar, "scalar");
BENCHMARK_CAPTURE(classify, sse42, "sse4.2");
BENCHMARK_CAPTURE(classify, avx2, "avx2");

void write_file_head(benchmark::State& state) {
    http::Response response;
    response.fields.add(http::FieldName::content_type, "text/html; charset=utf-8");
    response.fields.add(http::FieldName::etag, "\"80-17a2b3c4d5e6f708\"");
    response.fields.add(http::FieldName::last_modified, "Tue, 02 Jan 2024 03:04:05 GMT");
    response.fields.add(http::FieldName::accept_ranges, "bytes");
    response.fields.add(http::FieldName::x_content_type_options, "nosniff");
    HeadExtras extras;
    extras.date = "Tue, 02 Jan 2024 03:04:06 GMT";
    extras.content_length = 128;
    std::array<char, 1024> room{};
    for (auto _ : state) {
        if (head_octets_at_most(response) > room.size()) std::abort();
        benchmark::DoNotOptimize(write_head(response, extras, room));
        benchmark::ClobberMemory();
    }
}
BENCHMARK(write_file_head);

void read_chunked(benchmark::State& state) {
    const auto chunk_octets = static_cast<std::size_t>(state.range(0));
    std::array<char, 17> size_line{};
    const int digits = std::snprintf(size_line.data(), size_line.size(), "%zx\r\n", chunk_octets);
    std::string body;
    while (body.size() < 64 * 1024) {
        body.append(size_line.data(), static_cast<std::size_t>(digits)).append(chunk_octets, 'x').append("\r\n");
    }
    body += "0\r\n\r\n";
    for (auto _ : state) {
        ChunkedReader reader{ChunkedLimits{}};
        for (std::string_view rest = body; !reader.done();) {
            const auto step = reader.read(rest);
            if (!step) std::abort();
            benchmark::DoNotOptimize(step->content);
            rest.remove_prefix(step->used);
        }
    }
    state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(body.size()));
}
BENCHMARK(read_chunked)->Arg(16)->Arg(1024)->Arg(16 * 1024);

}  // namespace
}  // namespace portico::h1
