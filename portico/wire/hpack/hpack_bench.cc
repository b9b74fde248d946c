// portico/wire/hpack/hpack_bench.cc — measures the cost of encoding and decoding field sections.
#include <benchmark/benchmark.h>

#include <array>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "portico/wire/hpack/decoder.h"
#include "portico/wire/hpack/encoder.h"
#include "portico/wire/hpack/huffman.h"
#include "portico/wire/hpack/sections_for_test.h"

namespace portico::hpack {
namespace {

using http::FieldName;

constexpr std::string_view agent =
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36";

const std::vector<OwnedLine>& browser_request() {
    static const std::vector<OwnedLine> lines = {
        {":method", "GET"},
        {":authority", "www.example.org"},
        {":scheme", "https"},
        {":path", "/docs/guide/index.html?from=search"},
        {"upgrade-insecure-requests", "1"},
        {"user-agent", std::string(agent)},
        {"accept", "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8"},
        {"sec-fetch-site", "same-origin"},
        {"referer", "https://www.example.org/search?q=guide"},
        {"accept-encoding", "gzip, deflate, br, zstd"},
        {"accept-language", "en-GB,en;q=0.9"},
        {"cookie", "session=0123456789abcdef0123456789abcdef"}};
    return lines;
}

void decode_all(Decoder& decoder, std::string_view block, std::span<char> room) {
    decoder.begin_block();
    for (;;) {
        const auto line = decoder.next(block, room);
        if (!line) std::abort();
        if (!*line) return;
        benchmark::DoNotOptimize((*line)->value);
    }
}

// The first request of a connection: everything is a literal.
void decode_first_request(benchmark::State& state) {
    Encoder encoder;
    const std::string block = encode_section(encoder, browser_request());
    std::array<char, 4096> room{};
    for (auto _ : state) {
        Decoder decoder;
        decode_all(decoder, block, room);
    }
    state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(block.size()));
}
BENCHMARK(decode_first_request);

// A later one: indices, and a few literals that change.
void decode_next_request(benchmark::State& state) {
    Encoder encoder;
    Decoder decoder;
    std::array<char, 4096> room{};
    decode_all(decoder, encode_section(encoder, browser_request()), room);
    const std::string block = encode_section(encoder, browser_request());
    for (auto _ : state) decode_all(decoder, block, room);
    state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(block.size()));
}
BENCHMARK(decode_next_request);

// What h2load sends again and again.
void decode_load_generator(benchmark::State& state) {
    const std::vector<OwnedLine> lines = {{":path", "/"},
                                          {":scheme", "https"},
                                          {":authority", "127.0.0.1:8443"},
                                          {":method", "GET"},
                                          {"user-agent", "h2load nghttp2/1.52.0"}};
    Encoder encoder;
    Decoder decoder;
    std::array<char, 4096> room{};
    decode_all(decoder, encode_section(encoder, lines), room);
    const std::string block = encode_section(encoder, lines);
    for (auto _ : state) decode_all(decoder, block, room);
}
BENCHMARK(decode_load_generator);

// The response for a small file, again and again.
void encode_file_response(benchmark::State& state) {
    Encoder encoder;
    std::array<char, 1024> room{};
    for (auto _ : state) {
        std::span<char> out(room);
        encoder.begin_block(out);
        encoder.encode_status(http::Status::ok, out);
        encoder.encode(FieldName::server, "portico", Indexing::allowed, out);
        encoder.encode(FieldName::date, "Tue, 02 Jan 2024 03:04:06 GMT", Indexing::allowed, out);
        encoder.encode(FieldName::content_type, "text/html; charset=utf-8", Indexing::allowed, out);
        encoder.encode(FieldName::etag, "\"80-17a2b3c4d5e6f708\"", Indexing::allowed, out);
        encoder.encode(FieldName::last_modified, "Tue, 02 Jan 2024 03:04:05 GMT", Indexing::allowed, out);
        encoder.encode(FieldName::accept_ranges, "bytes", Indexing::allowed, out);
        encoder.encode(FieldName::x_content_type_options, "nosniff", Indexing::allowed, out);
        encoder.encode(FieldName::content_length, "128", Indexing::allowed, out);
        benchmark::ClobberMemory();
        state.counters["octets"] = static_cast<double>(room.size() - out.size());
    }
}
BENCHMARK(encode_file_response);

void encode_huffman_text(benchmark::State& state) {
    std::array<char, 256> room{};
    for (auto _ : state) {
        benchmark::DoNotOptimize(huffman_octets(agent));
        benchmark::DoNotOptimize(encode_huffman(agent, room.data()));
        benchmark::ClobberMemory();
    }
    state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(agent.size()));
}
BENCHMARK(encode_huffman_text);

void decode_huffman_text(benchmark::State& state) {
    std::array<char, 256> coded{};
    const std::string_view octets(coded.data(), encode_huffman(agent, coded.data()));
    std::array<char, 256> room{};
    for (auto _ : state) {
        benchmark::DoNotOptimize(decode_huffman(octets, room));
        benchmark::ClobberMemory();
    }
    state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(agent.size()));
}
BENCHMARK(decode_huffman_text);

}  // namespace
}  // namespace portico::hpack
