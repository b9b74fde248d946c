// portico/app/completion.cc — `portico completion`.
//
// Room app: see command.h.
#include "portico/app/commands.h"
#include "portico/app/notice.h"
#include "portico/cli/completion_script.h"

namespace portico::app {
namespace {

int run_completion(const Arguments& arguments) {
    const std::string_view shell = *arguments.positional(0);
    if (shell == "bash") say(cli::bash_completion(program()));
    if (shell == "zsh") say(cli::zsh_completion(program()));
    if (shell == "fish") say(cli::fish_completion(program()));
    return exit_ok;
}

}  // namespace

Command completion_command() {
    return {
        .name = "completion",
        .summary = "print a completion script for bash, zsh or fish",
        .about =
            "The script completes commands, options and their values. It is generated from the same table as the\n"
            "commands, so it always matches this version.",
        .examples = {{"source <(portico completion bash)", "for this shell; keep it in ~/.bashrc"},
                     {"source <(portico completion zsh)", "the same in ~/.zshrc, after compinit"},
                     {"portico completion fish | source", "the same in config.fish"}},
        .arguments = {{.name = "SHELL",
                       .meaning = "the shell: bash, zsh or fish",
                       .kind = ValueKind::choice,
                       .presence = Presence::required,
                       .choices = {"bash", "zsh", "fish"}}},
        .run = run_completion,
    };
}

}  // namespace portico::app
