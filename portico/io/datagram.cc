// portico/io/datagram.cc — see datagram.h.
#include "portico/io/datagram.h"

namespace portico::io {

Result<Datagram> Datagram::open(Core& core, const SocketAddress& local, bool reuse_port) {
    Result<Opened> opened = core.kernel().open_datagram(local, reuse_port);
    if (!opened) return std::unexpected(opened.error());
    return Datagram(core, Fd(core.kernel(), opened->number), std::move(opened->local));
}

}  // namespace portico::io
