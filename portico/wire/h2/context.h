// portico/wire/h2/context.h — what the HTTP/2 connections of one core share.
//
// Room wire: see frame.h.
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "portico/base/buffer.h"
#include "portico/http/message.h"
#include "portico/wire/h2/field_list.h"
#include "portico/wire/h2/limits.h"
#include "portico/wire/h2/stream.h"

namespace portico::h2 {

// The limits, the counters and the memory of a core's connections. It outlives them.
class Context {
public:
    // Both outlive it. The pool's ledger is charged for everything that a connection holds.
    Context(BufferPool& pool, const Limits& limits) : pool_(&pool), limits_(&limits), fields_(limits) {}
    Context(const Context&) = delete;
    Context& operator=(const Context&) = delete;

    [[nodiscard]] BufferPool& pool() { return *pool_; }
    [[nodiscard]] const Limits& limits() const { return *limits_; }
    [[nodiscard]] Counters& counters() { return counters_; }

    // Used for one section at a time: what a connection fills is valid until the next event of any connection.
    [[nodiscard]] FieldList& fields() { return fields_; }
    [[nodiscard]] http::Request& request() { return request_; }
    [[nodiscard]] http::Response& response() { return response_; }
    [[nodiscard]] http::FieldSection& trailers() { return trailers_; }

    // A clear stream, with memory if one was given back with some.
    [[nodiscard]] std::unique_ptr<Stream> borrow();
    void give_back(std::unique_ptr<Stream> stream);

private:
    static constexpr std::size_t streams_kept_max = 256;

    BufferPool* pool_;
    const Limits* limits_;
    Counters counters_;
    FieldList fields_;
    http::Request request_;
    http::Response response_;
    http::FieldSection trailers_;
    std::vector<std::unique_ptr<Stream>> streams_;
};

}  // namespace portico::h2
