// portico/embed/hooks.cc — see hooks.h.
#include "portico/embed/hooks.h"

#include <array>
#include <utility>

#include "portico/embed/form.h"
#include "portico/embed/problem_writer.h"

namespace portico {

std::string_view Refused::title() const { return http::reason_phrase(status_); }

Response problem(Status status, std::string_view detail) {
    std::string text;
    http::JsonWriter json(text);
    begin_problem(json, status, detail);
    json.close_object();
    return {status, std::move(text), "application/problem+json"};
}

RefusalHook problem_json() {
    return [](const Request&, const Refused& refused) { return problem(refused.status(), refused.detail()); };
}

RefusalHook html_pages(std::string page) {
    return [page = std::move(page)](const Request&, const Refused& refused) {
        const std::array<std::pair<std::string_view, std::string>, 3> known{
            {{"{status}", std::to_string(http::code(refused.status()))},
             {"{title}", escape_html(refused.title())},
             {"{detail}", escape_html(refused.detail())}}};
        std::string text;
        for (std::string_view rest = page; !rest.empty();) {
            const std::pair<std::string_view, std::string>* found = nullptr;
            for (const auto& one : known) {
                if (rest.starts_with(one.first)) found = &one;
            }
            text += found != nullptr ? std::string_view(found->second) : rest.substr(0, 1);
            rest.remove_prefix(found != nullptr ? found->first.size() : 1);
        }
        return Response(refused.status(), std::move(text), "text/html; charset=utf-8");
    };
}

}  // namespace portico
