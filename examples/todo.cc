// examples/todo.cc — a to-do list with optimistic locking: nobody overwrites a change that they have not seen.
//
//   $ curl -i localhost:8080/todo --json '{"text": "milk"}'
//   $ curl -i -X PUT localhost:8080/todo/1 -H 'If-Match: "1"' --json '{"text": "milk", "done": true}'
#include <portico/http/preconditions.h>
#include <portico/json.h>
#include <portico/portico.h>

#include <map>

using portico::Json, portico::Request, portico::Response, portico::Status, portico::http::Verdict;

class Todo {
public:
    Response add(Request& request, Json sent) { return write(request, ++last_, sent, Status::created); }

    Response get(Request& request, int id) const {
        const auto found = items_.find(id);
        if (found == items_.end()) return Status::not_found;
        const bool is_known = check(request, found->second) == Verdict::not_modified;  // If-None-Match
        Response response = is_known ? Response(Status::not_modified) : Response::json(Status::ok, found->second);
        response.set("ETag", tag_of(found->second));
        return response;
    }

    Response put(Request& request, int id, Json sent) {
        const auto found = items_.find(id);
        if (found == items_.end()) return Status::not_found;
        if (!request.field("If-Match")) return Status::precondition_required;  // RFC 6585 §3
        if (check(request, found->second) != Verdict::proceed) return Status::precondition_failed;
        return write(request, id, sent, Status::ok);
    }

private:
    static std::string tag_of(const Json& item) { return '"' + item["version"].dump() + '"'; }
    static Verdict check(Request& request, const Json& item) {
        const std::string tag = tag_of(item);
        const auto now = std::chrono::floor<std::chrono::seconds>(request.core().wall_clock());
        return evaluate_preconditions(request.message().fields, request.method(), {tag, std::nullopt}, now);
    }
    Response write(Request& request, int id, const Json& sent, Status status) {
        portico::Validation check;
        const auto text = portico::read_member<std::string>(check, sent, "text");
        const auto done = portico::read_member<bool>(check, sent, "done", false);
        check.has_length("text", text, 1, 200);
        if (!check) return check.response();
        const int version = items_.contains(id) ? items_[id]["version"].get<int>() + 1 : 1;
        items_[id] = Json{{"id", id}, {"text", text}, {"done", done}, {"version", version}};
        Response response = Response::json(status, items_[id]);
        response.set("ETag", tag_of(items_[id]));
        if (status == Status::created) response.set("Location", std::string(request.path()) + "/" + std::to_string(id));
        return response;
    }

    std::map<int, Json> items_;
    int last_ = 0;
};

int main(int argc, char** argv) {
    Todo todo;
    portico::Server server;
    server.on_refusal(portico::problem_json());
    server.post("/todo", &Todo::add, todo);
    server.get("/todo/{id}", &Todo::get, todo);
    server.put("/todo/{id}", &Todo::put, todo);
    return server.run(argc > 1 ? argv[1] : "127.0.0.1:8080");
}
