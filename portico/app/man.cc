// portico/app/man.cc — `portico man`.
//
// Room app: see command.h.
#include "portico/app/commands.h"
#include "portico/app/notice.h"
#include "portico/cli/man_page.h"

namespace portico::app {
namespace {

int run_man(const Arguments&) {
    say(cli::manual_page(program()));
    return exit_ok;
}

}  // namespace

Command man_command() {
    return {
        .name = "man",
        .summary = "print the manual page",
        .about = "Prints portico.1, the manual page of this version, as troff source.",
        .examples = {{"portico man | man -l -", "read it"},
                     {"portico man > ~/.local/share/man/man1/portico.1", "keep it, for `man portico`"}},
        .run = run_man,
    };
}

}  // namespace portico::app
