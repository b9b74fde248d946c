// portico/app/retype.cc — the command line to type instead, if a server cannot listen where it should.
//
// Room app: see command.h.
#include "portico/app/retype.h"

namespace portico::app {

std::string retyped(const cli::Arguments& arguments, std::string_view instead) {
    static constexpr std::string_view where_to_listen[] = {"port", "listen"};
    return cli::retyped(arguments, where_to_listen, instead);
}

}  // namespace portico::app
