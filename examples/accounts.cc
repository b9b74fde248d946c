// accounts.cc — accounts: passwords are hashed, a signed cookie keeps the login, and nobody can try many passwords.
//
//   curl -d 'user=ada&password=correct horse' localhost:8080/register
//   curl -d 'user=ada&password=correct horse' -c jar localhost:8080/login
//   curl -b jar localhost:8080/me
#include <portico/portico.h>

#include <map>

using portico::Form, portico::Request, portico::Response, portico::Session, portico::Status, portico::Task;

std::map<std::string, std::string> hashes;  // of each user's password; with one thread, handlers need no lock
const std::string nobody = portico::hash_password("nobody").value();

std::string value_of(const Form& form, std::string_view name) { return std::string(form.find(name).value_or("")); }

Task<Response> add_user(Request& request, Form form) {
    const std::string user = value_of(form, "user"), password = value_of(form, "password");
    if (user.empty() || password.size() < 10) co_return Response(Status::unprocessable_content);
    auto work = [&password] { return portico::hash_password(password); };
    auto hash = co_await portico::io::offload(request.core(), work);  // meanwhile, others are served
    if (!hash || !*hash) co_return Response(Status::service_unavailable);
    const bool is_new = hashes.try_emplace(user, **hash).second;
    co_return Response(is_new ? Status::created : Status::conflict);
}

Task<Response> log_in(Request& request, Session session, Form form) {
    const std::string user = value_of(form, "user"), password = value_of(form, "password");
    const auto known = hashes.find(user);
    const std::string hash = known == hashes.end() ? nobody : known->second;  // takes as long for those who are unknown
    const bool is_known = known != hashes.end();
    auto work = [&password, &hash] { return portico::is_password(password, hash); };
    const auto is_right = co_await portico::io::offload(request.core(), work);
    if (!is_known || !is_right.value_or(false)) co_return Response(Status::forbidden);
    session.clear();
    if (!session.set("user", user)) co_return Response(Status::unprocessable_content);
    co_return Response("Hello, " + user + "\n");
}

int main(int argc, char** argv) {
    portico::Server server;
    portico::SessionOptions sessions;  // with keys of its own, logins would outlive the program
    sessions.time_max = std::chrono::hours(24);
    server.use(portico::sessions(sessions));
    server.get("/me", [](Session session) -> std::expected<std::string, Status> {
        const auto user = session.get("user");
        if (!user) return std::unexpected(Status::forbidden);
        return "You are " + std::string(*user) + "\n";
    });
    server.post("/logout", [](Session session) { session.clear(); });
    portico::Group guarded = server.group("");
    guarded.use(portico::rate_limit({5, std::chrono::minutes(1)}));
    guarded.post("/register", add_user);
    guarded.post("/login", log_in);
    return server.run(argc > 1 ? argv[1] : "127.0.0.1:8080");
}
