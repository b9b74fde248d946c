// portico/wire/hpack/failure.h — why a block of field lines cannot be decoded.
//
// Room wire: see h1/read_head.h.
#pragma once

#include <expected>
#include <string_view>

namespace portico::hpack {

// The peer's mistake. It ends the connection with COMPRESSION_ERROR (RFC 9113 §4.3): the two dynamic tables are no
// longer the same. Trivially copyable on purpose, like http::Refusal.
struct Failure {
    std::string_view reason;  // a string literal, because it must outlive everything
};

// A value, or why decoding failed.
template <class T>
using Result = std::expected<T, Failure>;

// For use as return fail("the block ends in a string"); `reason` is a string literal.
inline std::unexpected<Failure> fail(std::string_view reason) { return std::unexpected(Failure{reason}); }

}  // namespace portico::hpack
