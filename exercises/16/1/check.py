from checks import Question

QUESTIONS = {
    "a": Question("serversocket", "the name of a class", "the other kind of descriptor is a Socket"),
    "b": Question(("bind and listen", "bind, listen", "bind listen"), "two calls, like: accept and connect",
                  "afterwards a client can connect"),
    "c": Question("yes", "yes or no", "which address does it listen on, if none is given?"),
    "d": Question(("shutdownoutput", "shutdownoutput()"), "the name of a method", "it ends our output"),
    "e": Question("-1", "a number", "0 is an octet like any other; the end must be no octet"),
    "f": Question(("0", "none"), "a number", "as with read() in C"),
    "g": Question(("sendall", "sendall()"), "send or sendall", "the other one returns how much the kernel took"),
}
