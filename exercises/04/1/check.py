from checks import Question

CALLS = "one of socket, bind, listen, accept, connect"
QUESTIONS = {
    "a": Question("bind", CALLS, "the client lets the kernel choose; the server names address and port itself"),
    "b": Question("listen", CALLS, "the kernel shakes hands by itself, and keeps the connection until the program takes it"),
    "c": Question("accept", CALLS, "the old descriptor goes on listening"),
    "d": Question("connect", CALLS, "one side waits for calls, the other one calls"),
    "e": Question("eaddrinuse", "the name of an error", "address in use"),
    "f": Question("so_reuseaddr", "the name of an option, which begins with SO_", "reuse the address"),
}
