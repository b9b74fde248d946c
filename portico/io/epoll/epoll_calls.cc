// portico/io/epoll/epoll_calls.cc — see epoll_calls.h.
#include "portico/io/epoll/epoll_calls.h"

#include <fcntl.h>
#include <linux/filter.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <netinet/udp.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <cstring>
#include <optional>

#include "portico/io/descriptors.h"

namespace portico::io::calls {
namespace {

int domain_of(Family family) {
    switch (family) {
        case Family::ipv4: return AF_INET;
        case Family::ipv6: return AF_INET6;
        case Family::unix_path: return AF_UNIX;
    }
    return AF_UNSPEC;
}

template <class Value>
bool set_option(int fd, int level, int name, Value value) {
    return ::setsockopt(fd, level, name, &value, sizeof value) == 0;
}

bool is_ready(int fd, short events) {
    pollfd asked{fd, events, 0};
    return ::poll(&asked, 1, 0) > 0;
}

// A killed process leaves its socket file behind, with nothing listening on it.
bool remove_if_stale(const sockaddr* address, socklen_t length, const std::string& path) {
    const std::optional<FileName> found = socket_file_at(path);
    if (!found) return false;  // a connection to any other file is refused as well
    const std::optional<Fd> probe = owned(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!probe) return false;
    const bool refused = ::connect(probe->number(), address, length) != 0 && errno == ECONNREFUSED;
    if (refused) remove_socket_file(*found);
    return refused;
}

bool has_file(const SocketAddress& address) {
    return address.family == Family::unix_path && !address.path.empty() && address.path.front() != '\0';
}

bool bind_to(int fd, const SocketAddress& local) {
    sockaddr_storage storage{};
    const std::optional<unsigned> length = to_sockaddr(local, &storage);
    if (!length) {
        errno = ENAMETOOLONG;
        return false;
    }
    const auto* address = reinterpret_cast<const sockaddr*>(&storage);
    if (::bind(fd, address, *length) == 0) return true;
    if (errno != EADDRINUSE || !has_file(local)) return false;
    if (!remove_if_stale(address, *length, local.path)) {
        errno = EADDRINUSE;
        return false;
    }
    return ::bind(fd, address, *length) == 0;
}

// Gives up the socket: the caller closes it.
Result<Opened> opened_at(Fd socket) {
    Result<SocketAddress> local = local_address(socket.number());
    if (!local) return std::unexpected(local.error());
    return Opened{socket.release(), std::move(*local)};
}

}  // namespace

int accept(int listener, SocketAddress& peer) {
    for (;;) {
        sockaddr_storage storage;
        socklen_t length = sizeof storage;
        auto* const address = reinterpret_cast<sockaddr*>(&storage);
        const int fd = ::accept4(listener, address, &length, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd >= 0) {
            peer = from_sockaddr(address, length);
            return fd;
        }
        switch (errno) {
            case EINTR:
            // The connection failed while it was queued; accept(2) says to treat these errors as EAGAIN.
            case ECONNABORTED:
            case EPROTO:
            case ENETDOWN:
            case ENOPROTOOPT:
            case EHOSTDOWN:
            case ENONET:
            case EHOSTUNREACH:
            case ENETUNREACH: continue;
            default: return -errno;
        }
    }
}

std::int64_t read(int fd, FdKind kind, std::span<char> room) {
    if (kind == FdKind::pipe && !is_ready(fd, POLLIN)) return -EAGAIN;
    for (;;) {
        const ssize_t octets = kind == FdKind::socket ? ::recv(fd, room.data(), room.size(), MSG_DONTWAIT)
                                                      : ::read(fd, room.data(), room.size());
        if (octets >= 0) return octets;
        if (errno != EINTR) return -errno;
    }
}

namespace {
// How many of the spans fit into one call: as many as stay within its octets, and at least one.
std::size_t spans_of_a_call(std::span<const iovec> spans) {
    std::size_t octets = spans.front().iov_len;
    std::size_t count = 1;
    while (count < std::min<std::size_t>(spans.size(), IOV_MAX)) {
        octets += spans[count].iov_len;
        if (octets > octets_of_a_call_max) break;
        ++count;
    }
    return count;
}

ssize_t send_to_socket(int fd, std::span<const iovec> spans, int flags) {
    const std::size_t count = spans_of_a_call(spans);
    if (count < spans.size()) flags |= MSG_MORE;
    if (count == 1) {  // this costs less than a message
        const std::size_t octets = std::min(spans.front().iov_len, octets_of_a_call_max);
        return ::send(fd, spans.front().iov_base, octets, flags);
    }
    msghdr message{};
    message.msg_iov = const_cast<iovec*>(spans.data());
    message.msg_iovlen = count;
    return ::sendmsg(fd, &message, flags);
}
}  // namespace

std::int64_t write(int fd, FdKind kind, std::span<const iovec> spans, bool more) {
    if (kind == FdKind::pipe && !is_ready(fd, POLLOUT)) return -EAGAIN;
    for (;;) {
        ssize_t octets = 0;
        if (kind == FdKind::socket) {
            octets = send_to_socket(fd, spans, MSG_DONTWAIT | MSG_NOSIGNAL | (more ? MSG_MORE : 0));
        } else {
            // If a pipe polls as ready, PIPE_BUF octets can be written without waiting, but perhaps not one more.
            const std::size_t most = kind == FdKind::pipe ? PIPE_BUF : octets_of_a_call_max;
            octets = ::write(fd, spans.front().iov_base, std::min(spans.front().iov_len, most));
        }
        if (octets >= 0) return octets;
        if (errno != EINTR) return -errno;
    }
}

std::int64_t send_file(int fd, int file, std::uint64_t offset, std::uint64_t length) {
    for (;;) {
        auto from = static_cast<off_t>(offset);
        const ssize_t octets = ::sendfile(fd, file, &from, std::min<std::uint64_t>(length, octets_of_a_call_max));
        if (octets >= 0) return octets;
        if (errno != EINTR) return -errno;
    }
}

namespace {
constexpr std::size_t batch_max = 32;  // datagrams in one call

// Room for one control message that contains a number.
struct alignas(cmsghdr) Control {
    std::array<char, CMSG_SPACE(sizeof(int))> octets;
};

struct Batch {
    std::array<mmsghdr, batch_max> headers{};
    std::array<iovec, batch_max> spans{};
    std::array<sockaddr_storage, batch_max> addresses{};
    std::array<Control, batch_max> controls{};

    // `address_length`: 0 for the peer to which the socket is connected.
    void set(std::size_t i, std::span<char> octets, socklen_t address_length) {
        spans[i] = {octets.data(), octets.size()};
        msghdr& header = headers[i].msg_hdr;
        header.msg_name = address_length > 0 ? &addresses[i] : nullptr;
        header.msg_namelen = address_length;
        header.msg_iov = &spans[i];
        header.msg_iovlen = 1;
    }
    // Makes room for a control message about the datagrams.
    void add_control(std::size_t i) {
        headers[i].msg_hdr.msg_control = controls[i].octets.data();
        headers[i].msg_hdr.msg_controllen = controls[i].octets.size();
    }
    void set_segment_octets(std::size_t i, std::uint16_t octets) {
        add_control(i);
        cmsghdr* const message = CMSG_FIRSTHDR(&headers[i].msg_hdr);
        message->cmsg_level = SOL_UDP;
        message->cmsg_type = UDP_SEGMENT;
        message->cmsg_len = CMSG_LEN(sizeof octets);
        std::memcpy(CMSG_DATA(message), &octets, sizeof octets);
        headers[i].msg_hdr.msg_controllen = CMSG_SPACE(sizeof octets);
    }
    // 0: the slot holds one datagram.
    [[nodiscard]] std::uint16_t segment_octets(std::size_t i) {
        const cmsghdr* const message = CMSG_FIRSTHDR(&headers[i].msg_hdr);
        if (message == nullptr || message->cmsg_level != SOL_UDP || message->cmsg_type != UDP_GRO) return 0;
        int octets = 0;
        std::memcpy(&octets, CMSG_DATA(message), sizeof octets);
        return octets > 0 && static_cast<std::size_t>(octets) < headers[i].msg_len ? static_cast<std::uint16_t>(octets)
                                                                                   : std::uint16_t{0};
    }
};

// If a device or path cannot take several datagrams in one piece, they are sent one by one. A failed one is dropped.
void send_segments(int fd, const DatagramSlot& slot, const sockaddr* peer, socklen_t peer_length) {
    std::span<const char> left = slot.octets;
    while (!left.empty()) {
        const auto datagram = left.first(std::min<std::size_t>(left.size(), slot.segment_octets));
        static_cast<void>(
            !::sendto(fd, datagram.data(), datagram.size(), MSG_DONTWAIT | MSG_NOSIGNAL, peer, peer_length));
        left = left.subspan(datagram.size());
    }
}
}  // namespace

std::int64_t receive_datagrams(int fd, std::span<DatagramSlot> slots) {
    const std::size_t count = std::min(slots.size(), batch_max);
    Batch batch;
    for (std::size_t i = 0; i < count; ++i) {
        batch.set(i, slots[i].octets, sizeof(sockaddr_storage));
        batch.add_control(i);
    }
    for (;;) {
        const int received = ::recvmmsg(fd, batch.headers.data(), static_cast<unsigned>(count), MSG_DONTWAIT, nullptr);
        if (received < 0 && errno == EINTR) continue;
        if (received < 0) return -errno;
        for (std::size_t i = 0; i < static_cast<std::size_t>(received); ++i) {
            const msghdr& header = batch.headers[i].msg_hdr;
            slots[i].octets = slots[i].octets.first(batch.headers[i].msg_len);
            slots[i].peer = from_sockaddr(static_cast<const sockaddr*>(header.msg_name), header.msg_namelen);
            slots[i].truncated = (header.msg_flags & MSG_TRUNC) != 0;
            slots[i].segment_octets = batch.segment_octets(i);
        }
        return received;
    }
}

std::int64_t send_datagrams(int fd, std::span<const DatagramSlot> slots) {
    const std::size_t count = std::min(slots.size(), batch_max);
    Batch batch;
    for (std::size_t i = 0; i < count; ++i) {
        const bool has_peer = slots[i].peer.family == Family::unix_path || slots[i].peer.port != 0;
        const std::optional<unsigned> length = has_peer ? to_sockaddr(slots[i].peer, &batch.addresses[i]) : 0U;
        if (!length) return -EDESTADDRREQ;
        batch.set(i, slots[i].octets, *length);
        if (slots[i].segment_octets > 0) batch.set_segment_octets(i, slots[i].segment_octets);
    }
    for (;;) {
        const int sent =
            ::sendmmsg(fd, batch.headers.data(), static_cast<unsigned>(count), MSG_DONTWAIT | MSG_NOSIGNAL);
        if (sent >= 0) return sent;
        if (errno == EINTR) continue;
        if (errno == EAGAIN || slots.front().segment_octets == 0) return -errno;
        const msghdr& header = batch.headers.front().msg_hdr;
        send_segments(fd, slots.front(), static_cast<const sockaddr*>(header.msg_name), header.msg_namelen);
        return 1;
    }
}

int begin_connect(int fd, const SocketAddress& peer) {
    sockaddr_storage storage{};
    const std::optional<unsigned> length = to_sockaddr(peer, &storage);
    if (!length) return ENAMETOOLONG;
    const int result = ::connect(fd, reinterpret_cast<const sockaddr*>(&storage), *length);
    // An interrupted connect continues by itself.
    if (result != 0) return errno == EINTR ? EINPROGRESS : errno;
    return 0;
}

int pending_error(int fd) {
    int failure = 0;
    socklen_t length = sizeof failure;
    if (::getsockopt(fd, SOL_SOCKET, SO_ERROR, &failure, &length) != 0) return errno;
    return failure;
}

Result<Opened> listen(const SocketAddress& local, const ListenOptions& options) {
    std::optional<Fd> socket = owned(::socket(domain_of(local.family), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (!socket) return fail(errno, "socket");
    const int fd = socket->number();
    const bool is_ip = local.family != Family::unix_path;
    if (is_ip) set_option(fd, SOL_SOCKET, SO_REUSEADDR, 1);
    const bool shares = is_ip && options.port_use == PortUse::shared;
    if (shares && !set_option(fd, SOL_SOCKET, SO_REUSEPORT, 1)) return fail(errno, "SO_REUSEPORT");
    if (local.family == Family::ipv6) set_option(fd, IPPROTO_IPV6, IPV6_V6ONLY, 0);  // "[::]" accepts IPv4 too
    if (is_ip && options.defer_accept.count() > 0) {
        set_option(fd, IPPROTO_TCP, TCP_DEFER_ACCEPT, static_cast<int>(options.defer_accept.count()));
    }
    // Accepted connections inherit it. Answers are written whole, so delaying small segments gains nothing.
    if (is_ip) set_option(fd, IPPROTO_TCP, TCP_NODELAY, 1);
    set_send_limits(fd, options.send_limits);  // inherited too
    // Before it is bound: the file is created with these permissions, less the umask, and never has others.
    if (has_file(local) && ::fchmod(fd, options.path_mode) != 0) return fail(errno, "fchmod");
    if (!bind_to(fd, local)) return fail(errno, "bind");
    if (options.port_use != PortUse::tested && ::listen(fd, options.backlog) != 0) return fail(errno, "listen");
    return opened_at(*std::move(socket));
}

// TCP: a filter on the listener drops each SYN, so the client tries again a second later. Every other segment passes,
// so handshakes in progress are completed, and their connections are still accepted. shutdown(2) would reset the queue.
void refuse_new_connections(int listener) {
    sockaddr_storage local{};
    socklen_t length = sizeof local;
    if (::getsockname(listener, reinterpret_cast<sockaddr*>(&local), &length) != 0) return;
    if (local.ss_family == AF_UNIX) {
        ::shutdown(listener, SHUT_RD);  // connect(2) fails with ECONNREFUSED; queued connections can still be accepted
        return;
    }
    // A connection whose first octets have not arrived would otherwise stay out of the queue until it is too late.
    set_option(listener, IPPROTO_TCP, TCP_DEFER_ACCEPT, 0);
    constexpr std::uint32_t flags_at = 13;  // in the TCP header
    constexpr std::uint32_t syn = 0x02;
    constexpr std::uint32_t syn_or_ack = 0x12;
    std::array<sock_filter, 5> program{{{BPF_LD | BPF_B | BPF_ABS, 0, 0, flags_at},
                                        {BPF_ALU | BPF_AND | BPF_K, 0, 0, syn_or_ack},
                                        {BPF_JMP | BPF_JEQ | BPF_K, 0, 1, syn},
                                        {BPF_RET | BPF_K, 0, 0, 0},
                                        {BPF_RET | BPF_K, 0, 0, UINT32_MAX}}};
    set_option(listener, SOL_SOCKET, SO_ATTACH_FILTER, sock_fprog{program.size(), program.data()});
}

std::optional<FileName> socket_file_at(const std::string& path) {
    struct statx status{};
    const unsigned wanted = STATX_TYPE | STATX_INO | STATX_BTIME;
    if (::statx(AT_FDCWD, path.c_str(), AT_SYMLINK_NOFOLLOW, wanted, &status) != 0) return std::nullopt;
    if (!S_ISSOCK(status.stx_mode)) return std::nullopt;
    const bool has_birth = (status.stx_mask & STATX_BTIME) != 0;
    const std::int64_t born = status.stx_btime.tv_sec * 1'000'000'000 + status.stx_btime.tv_nsec;
    const std::uint64_t device = std::uint64_t{status.stx_dev_major} << 32 | status.stx_dev_minor;
    return FileName{.path = path, .device = device, .inode = status.stx_ino, .born = has_birth ? born : 0};
}

void remove_socket_file(const FileName& file) {
    const std::optional<FileName> now = socket_file_at(file.path);
    if (now == file) ::unlink(file.path.c_str());
}

Result<int> open_stream_socket(Family family) {
    const int fd = ::socket(domain_of(family), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) return fail(errno, "socket");
    return fd;
}

Result<Opened> open_datagram(const SocketAddress& local, bool reuse_port) {
    std::optional<Fd> socket = owned(::socket(domain_of(local.family), SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (!socket) return fail(errno, "socket");
    const int fd = socket->number();
    if (reuse_port && !set_option(fd, SOL_SOCKET, SO_REUSEPORT, 1)) return fail(errno, "SO_REUSEPORT");
    if (!bind_to(fd, local)) return fail(errno, "bind");
    return opened_at(*std::move(socket));
}

void set_coalescing(int fd) { set_option(fd, SOL_UDP, UDP_GRO, 1); }

Result<int> open_stdio(StdioEnd end, FdKind& kind) {
    const int original = end == StdioEnd::input ? STDIN_FILENO : STDOUT_FILENO;
    std::optional<Fd> copy = owned(::fcntl(original, F_DUPFD_CLOEXEC, 3));
    if (!copy) return fail(errno, "dup");
    struct stat status{};
    if (::fstat(copy->number(), &status) != 0) return fail(errno, "fstat");
    const bool is_file = S_ISREG(status.st_mode) || S_ISDIR(status.st_mode) || S_ISBLK(status.st_mode);
    kind = S_ISSOCK(status.st_mode) ? FdKind::socket : is_file ? FdKind::file : FdKind::pipe;
    return copy->release();
}

Result<SocketAddress> local_address(int fd) {
    sockaddr_storage storage{};
    socklen_t length = sizeof storage;
    auto* const address = reinterpret_cast<sockaddr*>(&storage);
    if (::getsockname(fd, address, &length) != 0) return fail(errno, "getsockname");
    return from_sockaddr(address, length);
}

Result<void> shut_down(int fd, ShutDown which) {
    const int how = which == ShutDown::sending ? SHUT_WR : which == ShutDown::receiving ? SHUT_RD : SHUT_RDWR;
    if (::shutdown(fd, how) == 0) return {};
    return fail(errno, "shutdown");
}

std::size_t unacknowledged(int fd) {
    int octets = 0;
    if (::ioctl(fd, SIOCOUTQ, &octets) != 0 || octets < 0) return 0;
    return static_cast<std::size_t>(octets);
}

void set_no_delay(int fd) { set_option(fd, IPPROTO_TCP, TCP_NODELAY, 1); }

void set_send_limits(int fd, const SendLimits& limits) {
    const auto as_int = [](std::size_t octets) { return static_cast<int>(std::min<std::size_t>(octets, INT_MAX / 2)); };
    if (limits.unsent_octets_max > 0) {
        set_option(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, as_int(limits.unsent_octets_max));
    }
    // The kernel doubles the number, for its bookkeeping (socket(7)).
    if (limits.unacknowledged_octets_max > 0) {
        set_option(fd, SOL_SOCKET, SO_SNDBUF, as_int(limits.unacknowledged_octets_max));
    }
}

void set_abort_on_close(int fd) { set_option(fd, SOL_SOCKET, SO_LINGER, linger{1, 0}); }

}  // namespace portico::io::calls
