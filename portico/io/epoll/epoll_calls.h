// portico/io/epoll/epoll_calls.h — the epoll kernel's system calls, with their quirks but without its bookkeeping.
//
// Room io: see error.h.
#pragma once

#include <sys/uio.h>

#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "portico/io/kernel.h"

namespace portico::io {

// The kinds of descriptors that differ in how to wait for them, read them and write them.
enum class FdKind : std::uint8_t {
    socket,
    listener,
    pipe,  // or a terminal: shared with other processes, so never made non-blocking; poll(2) precedes each call
    file,  // a regular file, a folder, /dev/null: always ready, and epoll does not accept it
};

namespace calls {

// The most octets that one call sends. Otherwise a peer that reads as fast as we write would keep the core inside one
// call as long as there are octets.
inline constexpr std::size_t octets_of_a_call_max = 512 * 1024;

// The functions that return an integer return a negative errno value if they fail; -EAGAIN if they would have to wait.

int accept(int listener, SocketAddress& peer);
std::int64_t read(int fd, FdKind kind, std::span<char> room);
std::int64_t write(int fd, FdKind kind, std::span<const iovec> spans, bool more);
std::int64_t send_file(int fd, int file, std::uint64_t offset, std::uint64_t length);
std::int64_t receive_datagrams(int fd, std::span<DatagramSlot> slots);
std::int64_t send_datagrams(int fd, std::span<const DatagramSlot> slots);
// Both return an errno value, 0 for success.
int begin_connect(int fd, const SocketAddress& peer);
int pending_error(int fd);

Result<Opened> listen(const SocketAddress& local, const ListenOptions& options);
void refuse_new_connections(int listener);
// Identifies the file at a path, and not only the path's position: inode numbers are reused.
struct FileName {
    std::string path;
    std::uint64_t device = 0;
    std::uint64_t inode = 0;
    std::int64_t born = 0;  // nanoseconds since 1970; 0 if the file system does not record it

    bool operator==(const FileName&) const = default;
};
// The socket at `path` itself, without following a link; nothing if there is none.
std::optional<FileName> socket_file_at(const std::string& path);
// Removes the file, unless another file has taken its path.
void remove_socket_file(const FileName& file);
Result<int> open_stream_socket(Family family);
Result<Opened> open_datagram(const SocketAddress& local, bool reuse_port);
void set_coalescing(int fd);
Result<int> open_stdio(StdioEnd end, FdKind& kind);
Result<SocketAddress> local_address(int fd);
Result<void> shut_down(int fd, ShutDown which);
std::size_t unacknowledged(int fd);
void set_no_delay(int fd);
void set_send_limits(int fd, const SendLimits& limits);
void set_abort_on_close(int fd);

}  // namespace calls
}  // namespace portico::io
