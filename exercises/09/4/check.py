from checks import Question

WAYS = "file, pipe, Unix socket, network socket, shared memory, message queue or signal"
QUESTIONS = {
    "a": Question("pipe", WAYS, "it has no name, and one direction"),
    "b": Question("network socket", WAYS, "its address names a host"),
    "c": Question("unix socket", WAYS, "it is used like TCP: bind, listen, accept, connect"),
    "d": Question("signal", WAYS, "it has a number, and hardly anything else"),
    "e": Question("shared memory", WAYS, "mmap makes it"),
    "f": Question("message queue", WAYS, "it keeps boundaries, and has priorities; a stream has neither"),
    "g": Question("file", WAYS, "it outlives both processes"),
}
