// portico/tls/ticket_keys_parts.h — how OpenSSL uses TicketKeys; included in this room's .cc files only.
//
// Room tls: see session.h.
#pragma once

#include "portico/tls/secrets.h"
#include "portico/tls/ticket_keys.h"

namespace portico::tls {

// The sessions of this context make and open tickets with the keys that set_ticket_keys() gives each of them.
void use_ticket_keys(SSL_CTX& context);
// The keys outlive the session.
void set_ticket_keys(SSL& session, const TicketKeys& keys);

}  // namespace portico::tls
