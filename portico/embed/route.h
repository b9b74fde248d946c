// portico/embed/route.h — path patterns and handlers, which the compiler checks against each other.
//
// Room embed: see response.h.
// Threads:   every core of the server calls the handlers; with one thread they never run at the same time.
#pragma once

#include <charconv>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <source_location>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "portico/base/task.h"
#include "portico/embed/request.h"
#include "portico/embed/response.h"
#include "portico/embed/route_notes.h"
#include "portico/route/pattern.h"

namespace portico {

class WebSocket;

// Reads an argument of a handler from the request's content. Specialize it for a type T with
//   static Task<std::expected<T, Response>> read(Request& request);
// and, for descriptions of the route, if there is one type of content:
//   static constexpr std::string_view content_type() { return "text/csv"; }
// A handler has at most one such argument.
template <class T>
struct FromContent;

// Makes an argument of a handler from the rest of the request: a field, a cookie, or what middleware has attached.
// Specialize it for a type T with
//   static std::expected<T, Response> make(Request& request);
// and, for descriptions of the routes whose handlers take it, if it reads parameters or has answers of its own:
//   static void describe(RouteNotes& notes) { notes.query<int>("page", "Which page.", 1); }
// A handler may have any number of such arguments. They are made in their order, before the content is read; the first
// that fails is the answer.
template <class T>
struct FromRequest;

// Makes a response from a value that a handler returns. Specialize it for a type T with
//   static Response make(T value);
// and, for descriptions of the route, if it always is a response of one type with the status 200:
//   static constexpr std::string_view content_type() { return "text/csv"; }
template <class T>
struct IntoResponse;

namespace detail {

template <class T>
concept MadeIntoResponse = requires(T value) { IntoResponse<T>::make(std::move(value)); };

template <class T>
concept ReadFromContent = requires(Request& request) { FromContent<T>::read(request); };

template <class T>
concept MadeFromRequest = requires(Request& request) { FromRequest<T>::make(request); };

template <class T>
concept PathParameter = (std::integral<T> && !std::same_as<T, bool>) || std::floating_point<T> ||
                        std::same_as<T, std::string> || std::same_as<T, std::string_view>;

// A request or WebSocket is borrowed and can't be copied; other arguments are made for the call and moved into it.
template <class T>
concept Borrowed = std::same_as<T, Request> || std::same_as<T, WebSocket>;
template <class T>
inline constexpr bool is_passable =
    std::is_lvalue_reference_v<T> ? Borrowed<std::remove_cvref_t<T>> || std::is_const_v<std::remove_reference_t<T>>
                                  : !Borrowed<std::remove_cvref_t<T>>;

// The parameters and the result of a callable.
template <class F>
struct Signature;
template <class F>
    requires requires { &F::operator(); }
struct Signature<F> : Signature<decltype(&F::operator())> {};
template <class R, class... Args>
struct Signature<R (*)(Args...)> {
    using Returned = R;
    using Arguments = std::tuple<std::remove_cvref_t<Args>...>;
    static constexpr bool can_be_called = (is_passable<Args> && ...);
};
template <class R, class... Args>
struct Signature<R (*)(Args...) noexcept> : Signature<R (*)(Args...)> {};
template <class C, class R, class... Args>
struct Signature<R (C::*)(Args...)> : Signature<R (*)(Args...)> {};
template <class C, class R, class... Args>
struct Signature<R (C::*)(Args...) const> : Signature<R (*)(Args...)> {};
template <class C, class R, class... Args>
struct Signature<R (C::*)(Args...) noexcept> : Signature<R (*)(Args...)> {};
template <class C, class R, class... Args>
struct Signature<R (C::*)(Args...) const noexcept> : Signature<R (*)(Args...)> {};

// A handler that is a member function, and the object that it is called for.
template <class Member, class Object>
struct OnObject {
    Member member;
    Object object;  // a pointer, perhaps a std::shared_ptr

    template <class... Args>
    decltype(auto) operator()(Args&&... args) {
        return std::invoke(member, *object, std::forward<Args>(args)...);
    }
};
template <class Member, class Object>
struct Signature<OnObject<Member, Object>> : Signature<Member> {};

template <class T>
inline constexpr bool is_shared = false;
template <class T>
inline constexpr bool is_shared<std::shared_ptr<T>> = true;

// The handler that a route is added with: a function, or a member function and its object, as they are passed.
template <class Handler, class... Object>
struct Target {
    using Type = Handler;
};
template <class Member, class Object>
struct Target<Member, Object> {
    using Plain = std::remove_cvref_t<Object>;
    static constexpr bool is_pointer = std::is_pointer_v<Plain> || is_shared<Plain>;
    static constexpr bool lasts = is_pointer || std::is_lvalue_reference_v<Object>;
    using Type = OnObject<Member, std::conditional_t<is_pointer, Plain, std::remove_reference_t<Object>*>>;
};
template <class Handler, class... Object>
using TargetOf = Target<Handler, Object...>::Type;

template <class Handler>
Handler target(Handler handler) {
    return handler;
}
template <class Member, class Object>
TargetOf<Member, Object> target(Member member, Object&& object) {
    using Known = Target<Member, Object>;
    static_assert(Known::lasts,
                  "the object of a handler must outlive the server: pass a variable, a pointer or a std::shared_ptr");
    if constexpr (!Known::lasts) {
        return {member, nullptr};
    } else if constexpr (Known::is_pointer) {
        return {member, std::forward<Object>(object)};
    } else {
        return {member, &object};
    }
}

template <class Arguments>
struct Count;
template <class... Args>
struct Count<std::tuple<Args...>> {
    static constexpr std::size_t path_parameters = (std::size_t{PathParameter<Args>} + ... + 0);
    static constexpr std::size_t contents = (std::size_t{ReadFromContent<Args>} + ... + 0);
    static constexpr std::size_t requests = (std::size_t{std::same_as<Args, Request>} + ... + 0);
    static constexpr std::size_t sockets = (std::size_t{std::same_as<Args, WebSocket>} + ... + 0);
    static constexpr bool all_known =
        ((PathParameter<Args> || ReadFromContent<Args> || MadeFromRequest<Args> || Borrowed<Args>) && ...);
};

template <class T>
inline constexpr bool is_task = false;
template <class T>
inline constexpr bool is_task<Task<T>> = true;

// These functions are never defined: the compiler's error names the one that it would have to call, at the route's
// line.
void the_path_of_a_route_must_begin_with_a_slash();
void a_path_parameter_must_be_a_whole_segment_as_in_notes_slash_id_in_braces();
void a_path_parameter_must_have_a_name();
void only_the_last_segment_of_a_path_can_take_the_rest();
void only_the_last_segment_of_a_path_can_be_empty();
void no_segment_of_a_path_can_be_a_dot_or_two_dots();
void the_path_of_a_route_must_be_written_without_escapes_and_without_a_query();
void the_path_has_more_parameters_than_the_handler_takes();
void the_handler_takes_more_parameters_than_the_path_has();

template <class Handler>
consteval void check_pattern(std::string_view pattern) {
    using route::PatternFault;
    const route::PatternCheck check = route::check_pattern(pattern);
    switch (check.fault) {
        case PatternFault::none: break;
        case PatternFault::no_slash: the_path_of_a_route_must_begin_with_a_slash(); break;
        case PatternFault::partial_parameter:
            a_path_parameter_must_be_a_whole_segment_as_in_notes_slash_id_in_braces();
            break;
        case PatternFault::no_name: a_path_parameter_must_have_a_name(); break;
        case PatternFault::rest_before_end: only_the_last_segment_of_a_path_can_take_the_rest(); break;
        case PatternFault::empty_segment: only_the_last_segment_of_a_path_can_be_empty(); break;
        case PatternFault::dots: no_segment_of_a_path_can_be_a_dot_or_two_dots(); break;
        case PatternFault::escape_or_query:
            the_path_of_a_route_must_be_written_without_escapes_and_without_a_query();
            break;
    }
    using Taken = Count<typename Signature<Handler>::Arguments>;
    if (!Taken::all_known) return;  // bind_handler() says it
    if (check.parameters > Taken::path_parameters) the_path_has_more_parameters_than_the_handler_takes();
    if (check.parameters < Taken::path_parameters) the_handler_takes_more_parameters_than_the_path_has();
}

// How many path parameters a handler takes.
template <class Handler>
inline constexpr std::size_t parameters_taken = Count<typename Signature<Handler>::Arguments>::path_parameters;

// --- makes a response from what a handler returns
template <class T, class E>
Response respond(std::expected<T, E> result);
template <class T>
Response respond(std::optional<T> value);
inline Response respond(Response response) { return response; }
template <class T>
    requires MadeIntoResponse<std::remove_cvref_t<T>>
Response respond(T&& value) {
    return IntoResponse<std::remove_cvref_t<T>>::make(std::forward<T>(value));
}
template <class T>
    requires(!MadeIntoResponse<std::remove_cvref_t<T>> && std::constructible_from<Response, T>)
Response respond(T&& value) {
    return Response(std::forward<T>(value));
}
template <class T, class E>
Response respond(std::expected<T, E> result) {
    if (!result) return respond(std::move(result.error()));
    if constexpr (std::is_void_v<T>) {
        return Response(Status::no_content);
    } else {
        return respond(*std::move(result));
    }
}
template <class T>
Response respond(std::optional<T> value) {
    if (!value) return Response(Status::not_found);
    return respond(*std::move(value));
}

// Whether a response can be made from a T. Looks inside expected and optional, so that the compiler can report it in
// one sentence.
template <class T>
inline constexpr bool is_respondable = std::is_void_v<T> || MadeIntoResponse<T> || std::constructible_from<Response, T>;
template <class T, class E>
inline constexpr bool is_respondable<std::expected<T, E>> = is_respondable<T> && is_respondable<E>;
template <class T>
inline constexpr bool is_respondable<std::optional<T>> = is_respondable<T>;

template <class T>
concept Respondable = is_respondable<T>;

// Whether T is an expected whose error alone can't be an answer.
template <class T>
inline constexpr bool has_odd_error = false;
template <class T, class E>
inline constexpr bool has_odd_error<std::expected<T, E>> = is_respondable<T> && !is_respondable<E>;

// A handler with the values of its arguments: path parameters, and `Lent&`, which is a Request or a WebSocket.
template <class Handler, class Lent>
class BoundArguments {
public:
    explicit BoundArguments(Handler handler) : handler_(std::move(handler)) {}

protected:
    using Arguments = typename Signature<Handler>::Arguments;
    using Returned = typename Signature<Handler>::Returned;
    template <class T>
    using Kept = std::conditional_t<std::same_as<T, Lent>, Lent*, std::optional<T>>;
    template <class... Args>
    static std::tuple<Kept<Args>...> kept(const std::tuple<Args...>*);
    using Values = decltype(kept(static_cast<Arguments*>(nullptr)));
    static constexpr auto indices = std::make_index_sequence<std::tuple_size_v<Arguments>>();

    // Sets all of them but those that are made by other means. False if a path parameter has not the argument's type.
    template <std::size_t... place>
    static bool take([[maybe_unused]] Values& values, [[maybe_unused]] const Request& request,
                     [[maybe_unused]] Lent* lent, std::index_sequence<place...>) {
        [[maybe_unused]] std::size_t next = 0;
        return (take_one<std::tuple_element_t<place, Arguments>>(std::get<place>(values), request, lent, next) && ...);
    }
    template <std::size_t... place>
    Returned call(Values& values, std::index_sequence<place...>) {
        return handler_(pass(std::get<place>(values))...);
    }

private:
    template <class T>
    static bool take_one([[maybe_unused]] Kept<T>& value, [[maybe_unused]] const Request& request,
                         [[maybe_unused]] Lent* lent, [[maybe_unused]] std::size_t& next) {
        if constexpr (std::same_as<T, Lent>) {
            value = lent;
        } else if constexpr (PathParameter<T>) {
            value = from_text<T>(request.parameters()[next++]);
            return value.has_value();
        }
        return true;
    }
    static Lent& pass(Lent* lent) { return *lent; }
    template <class T>
    static T&& pass(std::optional<T>& value) {
        return std::move(*value);
    }

    Handler handler_;
};

// Calls a handler: takes its arguments from the request, and makes a response from what it returns.
template <class Handler>
class Bound : private BoundArguments<Handler, Request> {
    using Base = BoundArguments<Handler, Request>;
    using Base::call;
    using Base::indices;
    using typename Base::Arguments;
    using typename Base::Returned;
    using typename Base::Values;

public:
    // Whether the handler neither waits nor reads content.
    static constexpr bool answers_at_once = !is_task<Returned> && Count<Arguments>::contents == 0;

    using Base::Base;

    Response answer_at_once(Request& request)
        requires answers_at_once
    {
        Values values;
        std::optional<Response> wrong = bind(values, request, indices);
        if (wrong) return *std::move(wrong);
        if constexpr (std::is_void_v<Returned>) {
            call(values, indices);
            return Response(Status::no_content);
        } else {
            return respond(call(values, indices));
        }
    }

    Task<Response> answer(Request& request)
        requires(!answers_at_once)
    {
        Values values;
        std::optional<Response> wrong = bind(values, request, indices);
        if (wrong) co_return *std::move(wrong);
        if constexpr (Count<Arguments>::contents > 0) {
            constexpr std::size_t place = content_place(indices);
            using Content = std::tuple_element_t<place, Arguments>;
            std::expected<Content, Response> read = co_await FromContent<Content>::read(request);
            if (!read) co_return std::move(read.error());
            std::get<place>(values).emplace(*std::move(read));
        }
        if constexpr (!is_task<Returned>) {
            if constexpr (std::is_void_v<Returned>) {
                call(values, indices);
                co_return Response(Status::no_content);
            } else {
                co_return respond(call(values, indices));
            }
        } else if constexpr (std::same_as<Returned, Task<void>>) {
            co_await call(values, indices);
            co_return Response(Status::no_content);
        } else {
            auto returned = co_await call(values, indices);
            co_return respond(std::move(returned));
        }
    }

private:
    template <std::size_t... place>
    static constexpr std::size_t content_place(std::index_sequence<place...>) {
        std::size_t found = 0;
        ((ReadFromContent<std::tuple_element_t<place, Arguments>> ? void(found = place) : void()), ...);
        return found;
    }
    // Binds all but the content. Returns the answer if that fails.
    template <std::size_t... place>
    static std::optional<Response> bind(Values& values, Request& request, std::index_sequence<place...>) {
        if (!Base::take(values, request, &request, indices)) return Response(Status::not_found);
        std::optional<Response> wrong;
        static_cast<void>(
            (make_one<std::tuple_element_t<place, Arguments>>(std::get<place>(values), request, wrong) && ...));
        return wrong;
    }
    template <class T>
    static bool make_one(typename Base::template Kept<T>& value, Request& request, std::optional<Response>& wrong) {
        if constexpr (MadeFromRequest<T> && !PathParameter<T> && !ReadFromContent<T>) {
            std::expected<T, Response> made = FromRequest<T>::make(request);
            if (!made) {
                wrong = std::move(made.error());
            } else {
                value.emplace(*std::move(made));
            }
        }
        return !wrong;
    }
};

// False, but only once a template is used: for static_assert.
template <class>
inline constexpr bool never = false;

template <class Handler>
concept Callable = requires { typename Signature<Handler>::Arguments; };

// Notes the answers that a handler's result can be.
template <class T>
struct ResultTypes {
    static void note(std::vector<AnswerType>& answers) {
        if constexpr (std::is_void_v<T>) {
            answers.push_back({204, {}});
        } else if constexpr (requires { IntoResponse<T>::content_type(); }) {
            answers.push_back({200, IntoResponse<T>::content_type()});
        } else if constexpr (!MadeIntoResponse<T> && std::convertible_to<T, std::string_view>) {
            answers.push_back({200, "text/plain; charset=utf-8"});
        } else {
            answers.push_back({});
        }
    }
};
template <class T>
struct ResultTypes<Task<T>> : ResultTypes<T> {};
template <class T>
struct ResultTypes<std::optional<T>> {
    static void note(std::vector<AnswerType>& answers) {
        ResultTypes<T>::note(answers);
        answers.push_back({404, {}});
    }
};
template <class T, class E>
struct ResultTypes<std::expected<T, E>> {
    static void note(std::vector<AnswerType>& answers) {
        ResultTypes<T>::note(answers);
        answers.push_back({});
    }
};

template <class Arg>
void note_argument(HandlerTypes& types) {
    if constexpr (PathParameter<Arg>) {
        types.path.push_back(value_type<Arg>());
    } else if constexpr (ReadFromContent<Arg>) {
        types.reads_content = true;
        if constexpr (requires { FromContent<Arg>::content_type(); }) {
            types.content_type = FromContent<Arg>::content_type();
        }
    } else if constexpr (requires(RouteNotes& notes) { FromRequest<Arg>::describe(notes); }) {
        types.arguments.push_back([](RouteNotes& notes) { FromRequest<Arg>::describe(notes); });
    }
}
template <class... Args>
HandlerTypes note_arguments(const std::tuple<Args...>*) {
    HandlerTypes types;
    types.are_known = true;
    (note_argument<Args>(types), ...);
    return types;
}

template <class T>
struct Unwrapped {
    using type = T;
};
template <class T>
struct Unwrapped<Task<T>> {
    using type = T;
};

}  // namespace detail

// A handler after bind_handler(): takes its arguments from the request. Every core calls it.
struct BoundHandler {
    // One of the two is set. The first is for handlers that neither wait nor read content.
    std::move_only_function<Response(Request& request)> at_once;
    std::move_only_function<Task<Response>(Request& request)> slowly;
    detail::HandlerTypes types;
};

// A pattern such as "/notes/{id}" or "/files/{rest...}", and its line in the program's source. The compiler checks it
// against the handler.
template <class Handler>
class Pattern {
public:
    // `text` is a literal, which is checked: each "{name}" is a whole segment, "{name...}" is the last one, and there
    // are as many as the handler has path parameters. Write it without escapes: it is compared with decoded paths.
    // NOLINTNEXTLINE(google-explicit-constructor): it is written as a literal
    consteval Pattern(const char* text, std::source_location where = std::source_location::current())
        : text_(text), where_(where) {
        if constexpr (detail::Callable<Handler>) detail::check_pattern<Handler>(text);
    }
    // A text that is made while the program runs: the compiler says what to use instead.
    // NOLINTNEXTLINE(google-explicit-constructor): see above
    template <class Text>
        requires(std::convertible_to<Text, std::string_view> && !std::convertible_to<Text, const char*>)
    Pattern(const Text&) : text_(nullptr) {
        static_assert(detail::never<Text>,
                      "a pattern is a literal, which the compiler checks; route_at() takes one that is made while the "
                      "program runs");
    }
    // The pattern as written in the source.
    [[nodiscard]] const char* text() const { return text_; }
    // The line that adds the route, for messages.
    [[nodiscard]] const std::source_location& where() const { return where_; }

private:
    const char* text_;
    std::source_location where_;
};

// Binds a handler's arguments: path parameters in the order of the path, `Request&` in any place or none, any number
// of arguments that are made from the request, and at most one that is read from the content. The handler returns text,
// JSON, a Status, a Response, nothing, a std::expected or std::optional of these, or a Task of any of them.
template <class Handler>
BoundHandler bind_handler(Handler handler) {
    BoundHandler bound;
    // Each check is made only if those before it have passed, so that the compiler reports one error.
    if constexpr (!detail::Callable<Handler>) {
        static_assert(detail::never<Handler>,
                      "a handler must be a function or a lambda whose parameter types are written out");
    } else if constexpr (std::is_member_function_pointer_v<Handler>) {
        static_assert(detail::never<Handler>,
                      "a member function needs its object: pass it as one more argument, after the function");
    } else {
        using Known = detail::Signature<Handler>;
        using Count = detail::Count<typename Known::Arguments>;
        constexpr bool is_task = detail::is_task<typename Known::Returned>;
        if constexpr (!Count::all_known) {
            static_assert(
                detail::never<Handler>,
                "a handler may take path parameters (numbers, strings), Request&, types with FromRequest, and "
                "one argument that is read from the content (a Form; with portico/json.h a Json)");
        } else if constexpr (Count::sockets > 0) {
            static_assert(detail::never<Handler>, "a handler of WebSockets is added with websocket()");
        } else if constexpr (!Known::can_be_called) {
            static_assert(detail::never<Handler>,
                          "a handler must take the request as Request&, and everything else by value");
        } else if constexpr (Count::contents > 1) {
            static_assert(detail::never<Handler>, "a handler may take only one argument that is read from the content");
        } else if constexpr (is_task && std::tuple_size_v<typename Known::Arguments> == 0) {
            // g++ 12 miscompiles a coroutine without any parameter that awaits in a condition.
            static_assert(detail::never<Handler>, "a handler that returns a Task must take at least a Request&");
        } else if constexpr (detail::has_odd_error<typename detail::Unwrapped<typename Known::Returned>::type>) {
            static_assert(detail::never<Handler>,
                          "the error of a handler's std::expected is an answer: a Status, a Response, text, or a "
                          "type with IntoResponse");
        } else if constexpr (!detail::Respondable<typename detail::Unwrapped<typename Known::Returned>::type>) {
            static_assert(detail::never<Handler>,
                          "a handler must return text, JSON, a Status, a Response, nothing, or a std::expected "
                          "or std::optional of these (JSON: include portico/json.h; other types: IntoResponse)");
        } else {
            using Bound = detail::Bound<Handler>;
            bound.types = detail::note_arguments(static_cast<typename Known::Arguments*>(nullptr));
            detail::ResultTypes<typename Known::Returned>::note(bound.types.answers);
            if constexpr (Bound::answers_at_once) {
                bound.at_once = [own = Bound(std::move(handler))](Request& request) mutable {
                    return own.answer_at_once(request);
                };
            } else {
                bound.slowly = [own = Bound(std::move(handler))](Request& request) mutable {
                    return own.answer(request);
                };
            }
        }
    }
    return bound;
}

}  // namespace portico
