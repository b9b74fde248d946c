// portico/embed/traps_test.cc — code that g++ 12 miscompiles in coroutines, written as a program would write it. Each
// of these is ordinary use, and must work.
//
// g++ 12 destroys a temporary aggregate twice if the statement awaits (its bug 99576), copies a closure's captures
// octet by octet if the closure is created in such a statement (98401), and loses a condition that awaits in a
// coroutine without parameters. So no type that we pass to an awaited call is an aggregate, and no call needs a closure
// in the same statement.
#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>
#include <type_traits>
#include <vector>

#include "portico/io/line_reader.h"
#include "portico/json.h"
#include "portico/portico.h"
#include "portico/testing.h"

namespace portico {
namespace {

using std::chrono::milliseconds;

template <class T>
constexpr bool is_safe_in_an_await = !std::is_aggregate_v<T>;

static_assert(is_safe_in_an_await<Options>);
static_assert(is_safe_in_an_await<UploadOptions>);
static_assert(is_safe_in_an_await<TestFaults>);
static_assert(is_safe_in_an_await<Response>);
static_assert(is_safe_in_an_await<Cookie>);
static_assert(is_safe_in_an_await<Url>);
static_assert(is_safe_in_an_await<Form>);
static_assert(is_safe_in_an_await<io::Endpoint>);
static_assert(is_safe_in_an_await<io::ConnectOptions>);
static_assert(is_safe_in_an_await<io::SocketAddress>);

// The text must not be stored inline in a std::string, so that a double destruction is detected.
const std::string long_text(100, 'x');

std::string asked(void (*add_route)(Server&)) {
    Server server;
    add_route(server);
    TestClient client(server);
    return client.post("/", long_text).content;
}

Task<std::string> greet(Request& request, std::string name) {
    const bool slept = co_await io::sleep_for(request.core(), milliseconds(5));
    co_return slept ? name + name : "";
}

TEST(Traps, ATemporaryInAnAwaitedCall) {
    EXPECT_EQ(asked([](Server& server) {
                  server.post("/", [](Request& request) -> Task<std::string> {
                      co_return co_await greet(request, std::string(long_text));
                  });
              }),
              long_text + long_text);
}

TEST(Traps, AConditionThatAwaits) {
    EXPECT_EQ(asked([](Server& server) {
                  server.post("/", [](Request& request) -> Task<std::string> {
                      if (co_await io::sleep_for(request.core(), milliseconds(5))) co_return "slept";
                      co_return "woken";
                  });
              }),
              "slept");
}

TEST(Traps, ALoopThatAwaits) {
    EXPECT_EQ(asked([](Server& server) {
                  server.post("/", [](Request& request) -> Task<std::string> {
                      int rounds = 0;
                      while (rounds < 3 && co_await io::sleep_for(request.core(), milliseconds(5))) ++rounds;
                      co_return std::to_string(rounds);
                  });
              }),
              "3");
}

TEST(Traps, AnErrorThatIsHandedOn) {
    EXPECT_EQ(asked([](Server& server) {
                  server.post("/", [](Request& request) -> Task<Result<std::string>> {
                      co_return co_await request.content(1000);
                  });
              }),
              long_text);
}

TEST(Traps, OptionsMadeInTheAwaitedCall) {
    Server server;
    server.post("/", [](Request& request) -> Task<std::string> {
        const Result<Upload> upload = co_await read_upload(request, UploadOptions());
        co_return upload ? std::string(upload->find("a").value_or("none")) : "refused";
    });
    TestClient client(server);
    const std::string content = "--b\r\nContent-Disposition: form-data; name=a\r\n\r\n" + long_text + "\r\n--b--";
    EXPECT_EQ(client.post("/", content, "multipart/form-data; boundary=b").content, long_text);
}

TEST(Traps, AClosureWithCapturesInTheAwaitedCall) {
    EXPECT_EQ(asked([](Server& server) {
                  server.post("/", [](Request& request) -> Task<std::string> {
                      auto shared = std::make_shared<std::string>(long_text);
                      // Named first, as offload() requires: the frame keeps it, and so keeps one of the two references.
                      auto work = [shared] { return *shared + *shared; };
                      const std::optional<std::string> done = co_await io::offload(request.core(), work);
                      co_return done.value_or("") + std::to_string(shared.use_count());
                  });
              }),
              long_text + long_text + "2");
}

TEST(Traps, AHandlerThatOwnsWhatItCaptures) {
    Server server;
    const auto notes = std::make_shared<std::map<int, std::string>>();
    server.post("/{id}", [notes](int id, Request& request) -> Task<Response> {
        std::string text = (co_await request.content()).value_or("");
        const bool slept = co_await io::sleep_for(request.core(), milliseconds(5));
        static_cast<void>(slept);
        (*notes)[id] = std::move(text);
        co_return Response(Status::created, (*notes)[id], "text/plain");
    });
    {
        TestClient client(server);
        EXPECT_EQ(client.post("/1", long_text).content, long_text);
        EXPECT_EQ(client.post("/2", long_text).content, long_text);
    }
    EXPECT_EQ(notes->size(), 2U);
}

TEST(Traps, AResponseMadeInAReturn) {
    EXPECT_EQ(asked([](Server& server) {
                  server.post("/", [](Request& request) -> Task<Response> {
                      const bool slept = co_await io::sleep_for(request.core(), milliseconds(5));
                      static_cast<void>(slept);
                      co_return {Status::ok, long_text, "text/plain"};
                  });
              }),
              long_text);
}

TEST(Traps, JsonBracesInACoroutine) {
    EXPECT_EQ(asked([](Server& server) {
                  server.post("/", [](Request& request) -> Task<Json> {
                      const bool slept = co_await io::sleep_for(request.core(), milliseconds(5));
                      co_return Json{{"slept", slept}, {"list", {1, 2}}};
                  });
              }),
              R"({"list":[1,2],"slept":true})");
}

Task<Response> wrap(Request& request, Next next) {
    Response response = co_await next(request);
    response.set("X-Wrapped", long_text);
    co_return response;
}

TEST(Traps, MiddlewareThatAwaitsInItsReturn) {
    EXPECT_EQ(asked([](Server& server) {
                  server.use(wrap);
                  server.use([](Request& request, Next next) -> Task<Response> { co_return co_await next(request); });
                  server.post("/", [](Request&) -> Task<std::string> { co_return long_text; });
              }),
              long_text);
}

// The producer is a coroutine lambda with captures, and outlives the handler's frame.
TEST(Traps, AStreamThatOutlivesItsHandler) {
    EXPECT_EQ(asked([](Server& server) {
                  server.post("/", [](Request& request) -> Task<Response> {
                      const std::string text = (co_await request.content()).value_or("");
                      co_return Response::stream("text/plain",
                                                 [text, &core = request.core()](ContentWriter& to) -> Task<bool> {
                                                     for (const char octet : text) {
                                                         if (!co_await io::sleep_for(core, milliseconds(1))) break;
                                                         if (!co_await to.write({&octet, 1})) co_return false;
                                                     }
                                                     co_return true;
                                                 });
                  });
              }),
              long_text);
}

}  // namespace
}  // namespace portico
