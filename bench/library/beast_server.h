// beast_server.h — the asynchronous server of Boost.Beast's manual (http_server_async), with answers from a function
// instead of files. It has one thread. Each connection is a session with callbacks.
#pragma once

#include <boost/asio/dispatch.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/strand.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/version.hpp>
#include <chrono>
#include <cstdlib>
#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace beast = boost::beast;
namespace http = beast::http;
namespace net = boost::asio;
using tcp = net::ip::tcp;
using Request = http::request<http::string_body>;
using Answer = http::response<http::string_body>;

Answer answer_to(const Request& request);

inline Answer make_answer(const Request& request, http::status status, const char* type, std::string content) {
    Answer answer{status, request.version()};
    answer.set(http::field::server, BOOST_BEAST_VERSION_STRING);
    answer.set(http::field::content_type, type);
    answer.keep_alive(request.keep_alive());
    answer.body() = std::move(content);
    answer.prepare_payload();
    return answer;
}

class Session : public std::enable_shared_from_this<Session> {
public:
    explicit Session(tcp::socket&& socket) : stream_(std::move(socket)) {}

    void run() {
        net::dispatch(stream_.get_executor(), beast::bind_front_handler(&Session::do_read, shared_from_this()));
    }

private:
    void do_read() {
        request_ = {};
        stream_.expires_after(std::chrono::seconds(30));
        http::async_read(stream_, buffer_, request_, beast::bind_front_handler(&Session::on_read, shared_from_this()));
    }

    void on_read(beast::error_code error, std::size_t) {
        if (error == http::error::end_of_stream) return do_close();
        if (error) return;
        answer_ = std::make_shared<Answer>(answer_to(request_));
        http::async_write(stream_, *answer_,
                          beast::bind_front_handler(&Session::on_write, shared_from_this(), answer_->need_eof()));
    }

    void on_write(bool close, beast::error_code error, std::size_t) {
        if (error) return;
        if (close) return do_close();
        answer_ = nullptr;
        do_read();
    }

    void do_close() {
        beast::error_code error;
        stream_.socket().shutdown(tcp::socket::shutdown_send, error);
    }

    beast::tcp_stream stream_;
    beast::flat_buffer buffer_;
    Request request_;
    std::shared_ptr<Answer> answer_;
};

class Listener : public std::enable_shared_from_this<Listener> {
public:
    Listener(net::io_context& context, const tcp::endpoint& endpoint) : context_(context), acceptor_(context) {
        acceptor_.open(endpoint.protocol());
        acceptor_.set_option(net::socket_base::reuse_address(true));
        acceptor_.bind(endpoint);
        acceptor_.listen(net::socket_base::max_listen_connections);
    }

    void run() { do_accept(); }

private:
    void do_accept() {
        acceptor_.async_accept(net::make_strand(context_),
                               beast::bind_front_handler(&Listener::on_accept, shared_from_this()));
    }

    void on_accept(beast::error_code error, tcp::socket socket) {
        if (!error) std::make_shared<Session>(std::move(socket))->run();
        do_accept();
    }

    net::io_context& context_;
    tcp::acceptor acceptor_;
};

inline int serve(const char* port) {
    net::io_context context{1};
    const tcp::endpoint endpoint(net::ip::make_address("127.0.0.1"), static_cast<unsigned short>(std::atoi(port)));
    std::make_shared<Listener>(context, endpoint)->run();
    context.run();
    return 0;
}
