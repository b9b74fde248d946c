// portico/route/encode.cc — see encode.h.
#include "portico/route/encode.h"

#include <brotli/encode.h>
#define ZLIB_CONST  // we must not change its input
#include <zlib.h>
#include <zstd.h>

#include <cassert>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <new>

namespace portico::route {
namespace {

// Each compresses some 40 to 60 MB per second, which is fast enough for content that is compressed once and sent often.
constexpr int brotli_quality = 5;
constexpr int zstd_level = 8;
constexpr int gzip_level = 6;

std::optional<std::string> encode_brotli(std::string_view octets) {
    std::size_t size = BrotliEncoderMaxCompressedSize(octets.size());
    if (size == 0) return std::nullopt;
    std::string out(size, '\0');
    const BROTLI_BOOL done = BrotliEncoderCompress(brotli_quality, BROTLI_DEFAULT_WINDOW, BROTLI_MODE_TEXT,
                                                   octets.size(), reinterpret_cast<const std::uint8_t*>(octets.data()),
                                                   &size, reinterpret_cast<std::uint8_t*>(out.data()));
    if (done == BROTLI_FALSE) return std::nullopt;
    out.resize(size);
    return out;
}

std::optional<std::string> encode_zstd(std::string_view octets) {
    std::string out(ZSTD_compressBound(octets.size()), '\0');
    const std::size_t size = ZSTD_compress(out.data(), out.size(), octets.data(), octets.size(), zstd_level);
    if (ZSTD_isError(size) != 0) return std::nullopt;
    out.resize(size);
    return out;
}

std::optional<std::string> encode_gzip(std::string_view octets) {
    if (octets.size() > std::numeric_limits<uInt>::max() / 2) return std::nullopt;
    z_stream stream{};
    constexpr int window_bits_gzip = 15 + 16;
    constexpr int memory_level = 8;
    if (deflateInit2(&stream, gzip_level, Z_DEFLATED, window_bits_gzip, memory_level, Z_DEFAULT_STRATEGY) != Z_OK) {
        return std::nullopt;
    }
    std::string out(deflateBound(&stream, static_cast<uLong>(octets.size())), '\0');
    stream.next_in = reinterpret_cast<const Bytef*>(octets.data());
    stream.avail_in = static_cast<uInt>(octets.size());
    stream.next_out = reinterpret_cast<Bytef*>(out.data());
    stream.avail_out = static_cast<uInt>(out.size());
    const bool done = deflate(&stream, Z_FINISH) == Z_STREAM_END;
    out.resize(stream.total_out);
    deflateEnd(&stream);
    if (!done) return std::nullopt;
    return out;
}

}  // namespace

std::optional<std::string> encode(http::Coding coding, std::string_view octets) try {
    switch (coding) {
        case http::Coding::identity: break;
        case http::Coding::gzip: return encode_gzip(octets);
        case http::Coding::zstd: return encode_zstd(octets);
        case http::Coding::br: return encode_brotli(octets);
    }
    assert(false);
    return std::nullopt;
} catch (const std::bad_alloc&) {
    return std::nullopt;
}

}  // namespace portico::route
