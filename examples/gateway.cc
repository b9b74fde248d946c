// examples/gateway.cc — takes the readings of sensors over HTTP and keeps them in SQLite for a day.
//
// usage: gateway [FILE [ENDPOINT]]        (readings.db, 127.0.0.1:8080)
//
//   $ curl -X POST localhost:8080/sensors/attic/21.5
//   $ curl localhost:8080/sensors/attic
#include <portico/portico.h>
#include <sqlite3.h>

namespace io = portico::io;
using portico::Request, portico::Status, portico::Task;
using Rows = std::expected<std::string, std::string>;  // one in each line, or what is wrong

// A connection to the database. It waits for the disk, so only the thread of a pool uses it once the server runs.
struct Database {
    explicit Database(const char* name) : pool(name, 1, 200) {}
    ~Database() { sqlite3_close(connection); }
    Rows run(const char* sql, const std::vector<std::string>& values = {}) const {
        sqlite3_stmt* statement = nullptr;
        std::string rows;
        int step = sqlite3_prepare_v2(connection, sql, -1, &statement, nullptr);
        for (std::size_t i = 0; i < values.size(); ++i)
            sqlite3_bind_text(statement, static_cast<int>(i) + 1, values[i].c_str(), -1, SQLITE_STATIC);
        while (statement != nullptr && (step = sqlite3_step(statement)) == SQLITE_ROW)
            rows += std::string(reinterpret_cast<const char*>(sqlite3_column_text(statement, 0))) + "\n";
        sqlite3_finalize(statement);
        return step == SQLITE_DONE ? Rows(rows) : std::unexpected(sqlite3_errmsg(connection));
    }
    io::Pool pool;
    sqlite3* connection = nullptr;
};

// The answer of a handler. A pool that is full refuses at once, so that clients do not pile up.
Task<portico::Result<std::string>> run(io::Core& core, Database& on, const char* sql, std::vector<std::string> values) {
    const io::Result<Rows> rows = co_await io::offload(core, on.pool, [&] { return on.run(sql, values); });
    if (!rows) co_return portico::http::refuse(Status::service_unavailable, "the database is busy");
    if (!*rows) std::fprintf(stderr, "The database: %s\n", rows->error().c_str());
    if (!*rows) co_return portico::http::refuse(Status::internal_server_error, "the database has failed");
    co_return **rows;
}

int main(int argc, char** argv) {
    Database writer("writes"), reader("reads");  // with a write-ahead log, readers do not wait for the writer
    portico::Server server;
    server.on_start([&]() -> portico::Outcome {
        for (Database* one : {&writer, &reader}) sqlite3_open(argc > 1 ? argv[1] : "readings.db", &one->connection);
        const Rows log = writer.run("PRAGMA journal_mode = WAL");
        const Rows made = writer.run("CREATE TABLE IF NOT EXISTS readings (sensor TEXT, value REAL, at INTEGER)");
        return log && made ? portico::Outcome() : std::unexpected("the database can't be used");
    });
    server.post("/sensors/{name}/{value}", [&](Request& request, std::string name, double value) {
        constexpr auto sql = "INSERT INTO readings VALUES (?, ?, unixepoch())";
        return run(request.core(), writer, sql, {std::move(name), std::to_string(value)});
    });
    server.get("/sensors/{name}", [&](Request& request, std::string name) {
        constexpr auto sql = "SELECT value FROM readings WHERE sensor = ? ORDER BY rowid DESC LIMIT 100";
        return run(request.core(), reader, sql, {std::move(name)});
    });
    server.every(std::chrono::minutes(10), [&](io::Core& core) -> Task<void> {
        co_await run(core, writer, "DELETE FROM readings WHERE at < unixepoch() - 86400", {});
    });
    return server.run(argc > 2 ? argv[2] : "127.0.0.1:8080");
}
