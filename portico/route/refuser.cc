// portico/route/refuser.cc — see refuser.h.
#include "portico/route/refuser.h"

namespace portico::route {

using http::FieldName;
using http::Status;

void Refuser::refuse(link::Exchange& exchange, const http::Refusal& refusal) {
    exchange.notes().refusal = refusal;
    static_cast<void>(answer_at_once(exchange));  // it never waits
}

bool Refuser::answer_at_once(link::Exchange& exchange) {
    const link::ExchangeNotes& notes = exchange.notes();
    const http::Refusal refusal = notes.refusal;
    http::Response& response = exchange.response();
    const bool is_foreign = refusal.status == Status::misdirected_request;
    write_refusal(refusal.status, preferred_format(exchange.request(), unstated_), response,
                  is_foreign ? foreign_host_advice_ : notes.advice);
    if (refusal.status == Status::method_not_allowed) response.fields.add(FieldName::allow, notes.allow);
    if (refusal.status == Status::unauthorized) response.fields.add(FieldName::www_authenticate, notes.challenge);
    exchange.notes().reason = refusal.reason;
    return true;
}

Task<void> Refuser::answer(link::Exchange& exchange) {
    static_cast<void>(answer_at_once(exchange));
    co_return;
}

bool MethodsHandler::answer_at_once(link::Exchange& exchange) {
    exchange.response().status = Status::no_content;
    exchange.response().fields.add(FieldName::allow, exchange.notes().allow);
    return true;
}

Task<void> MethodsHandler::answer(link::Exchange& exchange) {
    static_cast<void>(answer_at_once(exchange));
    co_return;
}

}  // namespace portico::route
