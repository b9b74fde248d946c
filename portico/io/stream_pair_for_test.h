// portico/io/stream_pair_for_test.h — two connected streams, for tests that need both ends on one core.
//
// Room io: see error.h. Included by tests alone.
#pragma once

#include <cassert>
#include <utility>

#include "portico/io/scope.h"
#include "portico/io/stream.h"

namespace portico::io {

struct StreamPair {
    Stream first;
    Stream second;
};

// Over TCP on the loopback.
inline Task<StreamPair> make_stream_pair(Core& core) {
    Result<Listener> listener = Listener::open(core, SocketAddress::of(IpAddress::loopback(Family::ipv4), 0));
    assert(listener);
    Result<Stream> first = co_await connect(core, listener->local(), never);
    assert(first);
    Result<Accepted> second = co_await listener->accept();
    assert(second);
    StreamPair pair{.first = *std::move(first), .second = std::move(second->stream)};
    co_return std::move(pair);
}

}  // namespace portico::io
