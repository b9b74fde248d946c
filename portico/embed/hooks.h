// portico/embed/hooks.h — a program's own answers to requests that are not served as asked.
//
//   server.on_refusal(portico::problem_json());
//   server.on_error([](const portico::Request& request, const portico::Failed& failed) {
//       return portico::Response(portico::Status::bad_gateway, "sorry\n", "text/plain");
//   });
//
// Room embed: see response.h.
// Threads:   every core calls the functions, at the same time if there are several.
#pragma once

#include <exception>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "portico/embed/request.h"
#include "portico/embed/response.h"

namespace portico {

// Why a request was not served as asked. It is for the call only.
class Refused {
public:
    // For the library itself. The views outlive it.
    Refused(Status status, std::string_view reason, std::string_view detail)
        : status_(status), reason_(reason), detail_(detail) {}

    [[nodiscard]] Status status() const { return status_; }            // of the standard answer
    [[nodiscard]] std::string_view title() const;                      // its reason phrase: "Not Found"
    [[nodiscard]] std::string_view detail() const { return detail_; }  // a sentence for the client's user
    [[nodiscard]] std::string_view reason() const { return reason_; }  // a sentence for the operator; may be empty

private:
    Status status_;
    std::string_view reason_;
    std::string_view detail_;
};

// How a function of the program has failed. It is for the call only.
class Failed {
public:
    // For the library itself. The views outlive it.
    Failed(std::string_view reason, std::exception_ptr exception) : reason_(reason), exception_(std::move(exception)) {}

    // What was thrown. Null: nothing; the function returned the status 500, or a response that can't be sent.
    [[nodiscard]] const std::exception_ptr& exception() const { return exception_; }
    // A sentence for the operator: "the handler threw an exception: no such note". May be empty.
    [[nodiscard]] std::string_view reason() const { return reason_; }

private:
    std::string_view reason_;
    std::exception_ptr exception_;
};

// See Router::on_refusal() and Router::on_error().
using RefusalHook = std::function<Response(const Request& request, const Refused& refused)>;
// A function that returns nothing to answer with returns std::nullopt.
using ErrorHook = std::function<std::optional<Response>(const Request& request, const Failed& failed)>;

// An answer in the format of RFC 9457, application/problem+json: type "about:blank", the status's own phrase as title,
// the status, and `detail`, a sentence for the client's user, unless it is empty.
[[nodiscard]] Response problem(Status status, std::string_view detail = {});

// For on_refusal(): answers with problem().
[[nodiscard]] RefusalHook problem_json();

// For on_refusal(): answers with this page of HTML, in which "{status}", "{title}" and "{detail}" stand for what is
// known, such as 404, Not Found, and a sentence. They are escaped.
[[nodiscard]] RefusalHook html_pages(std::string page);

}  // namespace portico
