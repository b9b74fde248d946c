// portico/app/conversation_end.h — what the end of a conversation means for a command: a message and an exit code.
//
// Room app: see command.h.
#pragma once

#include <optional>
#include <string>

#include "portico/app/conversation.h"

namespace portico::app {

// Returns the exit code, and prints why it is not 0. `peer`: in sentences, such as "tcp://127.0.0.1:80" or "the
// client". `idle_max`: how long the conversation could wait.
int explain(const ConversationEnd& end, const std::string& peer, std::optional<io::Duration> idle_max);

}  // namespace portico::app
