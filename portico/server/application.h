// portico/server/application.h — how a program answers requests itself: steps 3 to 5 for everything that is not a site
// of files.
//
// Room server: see limits.h.
// Threads:   one core's: each core has its own application.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "portico/base/task.h"
#include "portico/http/message.h"
#include "portico/io/address.h"
#include "portico/io/core.h"
#include "portico/io/gate.h"
#include "portico/link/h1_inbound.h"

namespace portico::server {

// What a program reports to the access log about a request.
struct CallNotes {
    std::string user;    // the authenticated user; empty if unknown
    std::string reason;  // why it was not served as asked; empty if it was

    // Clears the notes on the request before.
    void clear() {
        user.clear();
        reason.clear();
    }
};

// One request that is being answered. It and what it refers to outlive the task that answers it.
class Call {
public:
    // All of them outlive the call.
    Call(io::Core& core, link::H1Inbound& link, const http::Request& request, http::Response& response,
         CallNotes& notes, const io::SocketAddress& peer)
        : core_(&core), link_(&link), request_(&request), response_(&response), notes_(&notes), peer_(&peer) {
        if (request.framing == http::Framing::none) content_read_.open();
    }
    Call(const Call&) = delete;
    Call& operator=(const Call&) = delete;

    [[nodiscard]] io::Core& core() const { return *core_; }  // whose connection it is
    // Its views live until the answer has been sent.
    [[nodiscard]] const http::Request& request() const { return *request_; }
    // The response to fill. It is clear when the application gets it.
    [[nodiscard]] http::Response& response() const { return *response_; }
    // For the access log. They live until the answer has been sent.
    [[nodiscard]] CallNotes& notes() const { return *notes_; }
    // The connection's other end.
    [[nodiscard]] const io::SocketAddress& peer() const { return *peer_; }
    // See link::H1Inbound::read_content. If some content is not read, the connection is closed after the answer.
    [[nodiscard]] Task<link::ContentStep> read_content();
    // Why read_content() ended with `refused`.
    [[nodiscard]] const http::Refusal& refusal() const { return link_->refusal(); }
    // Waits until nobody is inside read_content(): a task that was asked to stop may take a while to end. False: the
    // waiting task was itself asked to stop first.
    [[nodiscard]] Task<bool> reading_ended();
    // Opened once the content has been read to its end.
    [[nodiscard]] io::Gate& content_read() { return content_read_; }
    // Sends the response, which is complete, although answer() still has to wait for tasks that refer to the request. A
    // response whose content is generated while it is sent is sent afterwards. The tasks must have been asked to stop.
    [[nodiscard]] Task<void> send_early() { return send_early_(); }
    // For the connection: sets the function that sends the response.
    void set_send_early(std::function<Task<void>()> send_early) { send_early_ = std::move(send_early); }

private:
    class Reading;

    io::Core* core_;
    link::H1Inbound* link_;
    const http::Request* request_;
    http::Response* response_;
    CallNotes* notes_;
    const io::SocketAddress* peer_;
    bool is_reading_ = false;
    io::Gate reading_ended_;
    io::Gate content_read_;
    std::function<Task<void>()> send_early_;
    bool has_opened_ = false;
};

// Answers requests, each in a separate task. A portico::Server makes one from its routes.
class Application {
public:
    virtual ~Application() = default;

    // Fills the call's response. If the peer leaves in the meantime or the server stops, the task is destroyed at the
    // point where it waits.
    virtual Task<void> answer(Call& call) = 0;
    // Fills the response to a head or content that could not be read.
    virtual void answer_refusal(const http::Refusal& refusal, http::Response& response) = 0;
};

// Makes an application for each core, on the thread that opens the server.
using MakeApplication = std::function<std::unique_ptr<Application>(io::Core& core)>;

}  // namespace portico::server
