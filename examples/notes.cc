// examples/notes.cc — notes over HTTP, as JSON, in an SQLite database.
//
// usage: notes [FILE [ENDPOINT]]        (notes.db, 127.0.0.1:8080)
//
//   $ curl -i localhost:8080/notes --json '{"title": "Milk", "text": "two litres"}'       201, Location: /notes/1
//   $ curl localhost:8080/notes
//   $ curl localhost:8080/notes/1
//   $ curl -X PUT localhost:8080/notes/1 --json '{"title": "Milk", "text": "three litres"}'
//   $ curl -X DELETE localhost:8080/notes/1
//
// A database waits for the disk, and a loop that waits for the disk serves no clients. So io::offload() runs all SQLite
// calls on a helper thread, while the loop goes on. The handlers still read from top to bottom.
#include <portico/json.h>
#include <portico/portico.h>
#include <sqlite3.h>

#include <cstdio>
#include <memory>
#include <mutex>

namespace {

namespace io = portico::io;
using portico::Json;
using portico::Request;
using portico::Response;
using portico::Status;
using portico::Task;

// The parts of a note that a client may set.
struct Draft {
    std::string title;
    std::string text;
};

struct Note {
    std::int64_t id = 0;
    Draft draft;
};

// Why a call of the database failed, for our log.
struct StoreError {
    std::string sentence;
};
template <class T>
using Stored = std::expected<T, StoreError>;

// --- the database

struct CloseDatabase {
    void operator()(sqlite3* database) const { sqlite3_close(database); }
};
struct FinalizeStatement {
    void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
};

// A statement, prepared once. Values from clients are bound to it and never become part of its text.
class Statement {
public:
    Statement(sqlite3* database, const char* sql) : database_(database) {
        sqlite3_stmt* made = nullptr;
        sqlite3_prepare_v3(database, sql, -1, SQLITE_PREPARE_PERSISTENT, &made, nullptr);
        statement_.reset(made);
    }
    [[nodiscard]] bool is_good() const { return statement_ != nullptr; }

    void bind(int place, std::int64_t number) { sqlite3_bind_int64(statement_.get(), place, number); }
    // `text` must stay valid until the statement has been run.
    void bind(int place, const std::string& text) {
        sqlite3_bind_text(statement_.get(), place, text.data(), static_cast<int>(text.size()), SQLITE_STATIC);
    }
    // Runs the statement and calls `take` for each row. Returns the number of changed rows.
    template <class Take>
    Stored<int> run(Take take) {
        int result = sqlite3_step(statement_.get());
        for (; result == SQLITE_ROW; result = sqlite3_step(statement_.get())) take(*this);
        const int changed = sqlite3_changes(database_);
        if (result != SQLITE_DONE) {
            StoreError error{sqlite3_errmsg(database_)};
            sqlite3_reset(statement_.get());
            return std::unexpected(std::move(error));
        }
        sqlite3_reset(statement_.get());
        return changed;
    }
    [[nodiscard]] std::int64_t number(int column) const { return sqlite3_column_int64(statement_.get(), column); }
    [[nodiscard]] std::string text(int column) const {
        const unsigned char* const octets = sqlite3_column_text(statement_.get(), column);
        if (octets == nullptr) return {};
        return {reinterpret_cast<const char*>(octets),
                static_cast<std::size_t>(sqlite3_column_bytes(statement_.get(), column))};
    }

private:
    sqlite3* database_;
    std::unique_ptr<sqlite3_stmt, FinalizeStatement> statement_;
};

// The notes. All functions wait for the disk. Helper threads call them, one at a time.
class Store {
public:
    // Opens the database in that file, or creates it.
    static Stored<std::unique_ptr<Store>> open(const char* file) {
        sqlite3* opened = nullptr;
        const int result = sqlite3_open(file, &opened);
        std::unique_ptr<sqlite3, CloseDatabase> database(opened);
        if (result != SQLITE_OK) return std::unexpected(StoreError{sqlite3_errstr(result)});
        // With a write-ahead log readers do not wait for a writer, and a crash loses nothing that has been answered.
        constexpr auto setup =
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA busy_timeout = 2000;"
            "CREATE TABLE IF NOT EXISTS notes"
            " (id INTEGER PRIMARY KEY AUTOINCREMENT, title TEXT NOT NULL, text TEXT NOT NULL)";
        if (sqlite3_exec(database.get(), setup, nullptr, nullptr, nullptr) != SQLITE_OK) {
            return std::unexpected(StoreError{sqlite3_errmsg(database.get())});
        }
        std::unique_ptr<Store> store(new Store(std::move(database)));
        for (const Statement* one : {&store->create_, &store->list_, &store->find_, &store->replace_, &store->erase_}) {
            if (!one->is_good()) return std::unexpected(StoreError{sqlite3_errmsg(store->database_.get())});
        }
        return store;
    }

    // Returns the id of the new note.
    Stored<std::int64_t> create(const Draft& draft) {
        const std::lock_guard guard(lock_);
        create_.bind(1, draft.title);
        create_.bind(2, draft.text);
        const Stored<int> changed = create_.run([](const Statement&) {});
        if (!changed) return std::unexpected(changed.error());
        return sqlite3_last_insert_rowid(database_.get());
    }
    // Returns up to `most` notes whose ids are larger than `after`, in the order of the ids.
    Stored<std::vector<Note>> list(std::int64_t after, int most) {
        const std::lock_guard guard(lock_);
        std::vector<Note> notes;
        list_.bind(1, after);
        list_.bind(2, most);
        const Stored<int> done = list_.run([&](const Statement& row) { notes.push_back(note_of(row)); });
        if (!done) return std::unexpected(done.error());
        return notes;
    }
    Stored<std::optional<Note>> find(std::int64_t id) {
        const std::lock_guard guard(lock_);
        std::optional<Note> note;
        find_.bind(1, id);
        const Stored<int> done = find_.run([&](const Statement& row) { note = note_of(row); });
        if (!done) return std::unexpected(done.error());
        return note;
    }
    // Returns whether there was such a note.
    Stored<bool> replace(std::int64_t id, const Draft& draft) {
        const std::lock_guard guard(lock_);
        replace_.bind(1, draft.title);
        replace_.bind(2, draft.text);
        replace_.bind(3, id);
        return any(replace_);
    }
    Stored<bool> erase(std::int64_t id) {
        const std::lock_guard guard(lock_);
        erase_.bind(1, id);
        return any(erase_);
    }

private:
    explicit Store(std::unique_ptr<sqlite3, CloseDatabase> database) : database_(std::move(database)) {}
    static Note note_of(const Statement& row) { return {row.number(0), {row.text(1), row.text(2)}}; }
    static Stored<bool> any(Statement& statement) {
        const Stored<int> changed = statement.run([](const Statement&) {});
        if (!changed) return std::unexpected(changed.error());
        return *changed > 0;
    }

    std::mutex lock_;  // SQLite guards its connection, but not a statement between binding and running
    std::unique_ptr<sqlite3, CloseDatabase> database_;
    Statement create_{database_.get(), "INSERT INTO notes (title, text) VALUES (?, ?)"};
    Statement list_{database_.get(), "SELECT id, title, text FROM notes WHERE id > ? ORDER BY id LIMIT ?"};
    Statement find_{database_.get(), "SELECT id, title, text FROM notes WHERE id = ?"};
    Statement replace_{database_.get(), "UPDATE notes SET title = ?, text = ? WHERE id = ?"};
    Statement erase_{database_.get(), "DELETE FROM notes WHERE id = ?"};
};

// --- from and to JSON

Response complaint(Status status, std::string_view sentence) {
    return portico::Response::json(status, {{"error", sentence}});
}

// The content is known to be JSON: anything else has already been answered with 400, with line and column.
std::expected<Draft, Response> draft_of(const Json& json) {
    const auto is_text = [&](const char* name) { return json.contains(name) && json[name].is_string(); };
    if (!json.is_object() || !is_text("title") || json["title"] == "") {
        return std::unexpected(
            complaint(Status::bad_request, "a note must be an object with a \"title\", which is a string"));
    }
    if (json.contains("text") && !is_text("text")) {
        return std::unexpected(complaint(Status::bad_request, "the \"text\" of a note must be a string"));
    }
    return Draft{json["title"].get<std::string>(), is_text("text") ? json["text"].get<std::string>() : ""};
}

Json json_of(const Note& note) { return {{"id", note.id}, {"title", note.draft.title}, {"text", note.draft.text}}; }

Response no_such_note() { return complaint(Status::not_found, "there is no such note"); }

// --- the handlers

// Runs `work`, which uses the store, on a helper thread. Returns its result, or the answer to send if it failed.
template <class Work>
auto off_the_loop(io::Core& core, Work work)
    -> Task<std::expected<typename std::invoke_result_t<Work>::value_type, Response>> {
    auto done = co_await io::offload(core, work);
    if (!done) co_return std::unexpected(Response(Status::service_unavailable));  // the server is stopping
    if (!*done) {
        std::fprintf(stderr, "The database: %s\n", done->error().sentence.c_str());
        co_return std::unexpected(Response(Status::internal_server_error));
    }
    co_return **std::move(done);
}

Task<Response> create_note(Request& request, Store& store, Json json) {
    std::expected<Draft, Response> draft = draft_of(json);
    if (!draft) co_return std::move(draft.error());
    auto work = [&] { return store.create(*draft); };
    auto id = co_await off_the_loop(request.core(), std::move(work));
    if (!id) co_return std::move(id.error());
    const Note note{*id, *std::move(draft)};
    Response answer = portico::Response::json(Status::created, json_of(note));
    answer.set("Location", "/notes/" + std::to_string(*id));
    co_return answer;
}

Task<std::expected<Json, Response>> list_notes(Request& request, Store& store) {
    constexpr int most = 100;
    std::int64_t after = 0;
    const std::string said = request.query("after").value_or("0");
    const auto [stopped_at, failure] = std::from_chars(said.data(), said.data() + said.size(), after);
    if (failure != std::errc{} || stopped_at != said.data() + said.size()) {
        co_return std::unexpected(complaint(Status::bad_request, "\"after\" must be the id of a note"));
    }
    auto work = [&] { return store.list(after, most); };
    auto notes = co_await off_the_loop(request.core(), std::move(work));
    if (!notes) co_return std::unexpected(std::move(notes.error()));
    Json list = Json::array();
    for (const Note& note : *notes) list.push_back(json_of(note));
    co_return list;
}

Task<std::expected<Json, Response>> get_note(Request& request, Store& store, std::int64_t id) {
    auto work = [&] { return store.find(id); };
    auto note = co_await off_the_loop(request.core(), std::move(work));
    if (!note) co_return std::unexpected(std::move(note.error()));
    if (!*note) co_return std::unexpected(no_such_note());
    co_return json_of(**note);
}

Task<std::expected<Json, Response>> put_note(Request& request, Store& store, std::int64_t id, Json json) {
    std::expected<Draft, Response> draft = draft_of(json);
    if (!draft) co_return std::unexpected(std::move(draft.error()));
    auto work = [&] { return store.replace(id, *draft); };
    auto is_there = co_await off_the_loop(request.core(), std::move(work));
    if (!is_there) co_return std::unexpected(std::move(is_there.error()));
    if (!*is_there) co_return std::unexpected(no_such_note());
    const Note note{id, *std::move(draft)};
    co_return json_of(note);
}

Task<Response> delete_note(Request& request, Store& store, std::int64_t id) {
    auto work = [&] { return store.erase(id); };
    auto was_there = co_await off_the_loop(request.core(), std::move(work));
    if (!was_there) co_return std::move(was_there.error());
    co_return *was_there ? Response(Status::no_content) : no_such_note();
}

}  // namespace

int main(int argc, char** argv) {
    const char* const file = argc > 1 ? argv[1] : "notes.db";
    auto opened = Store::open(file);
    if (!opened) {
        std::fprintf(stderr, "%s: %s\n", file, opened.error().sentence.c_str());
        return 1;
    }
    Store& store = **opened;

    // These lambdas are not coroutines: each only calls one, with the store.
    portico::Server server;
    server.get("/notes", [&](Request& request) { return list_notes(request, store); });
    server.post("/notes", [&](Request& request, Json note) { return create_note(request, store, std::move(note)); });
    server.get("/notes/{id}", [&](Request& request, std::int64_t id) { return get_note(request, store, id); });
    server.put("/notes/{id}", [&](Request& request, std::int64_t id, Json note) {
        return put_note(request, store, id, std::move(note));
    });
    server.del("/notes/{id}", [&](Request& request, std::int64_t id) { return delete_note(request, store, id); });
    return server.run(argc > 2 ? argv[2] : "127.0.0.1:8080");
}
