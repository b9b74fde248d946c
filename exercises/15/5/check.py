from checks import Question

NAME = "the name of an error, which begins with E"
QUESTIONS = {
    "a": Question("eaddrinuse", NAME, "the address is in use"),
    "b": Question("econnrefused", NAME, "the kernel there answers with a reset: it refuses"),
    "c": Question("epipe", NAME, "it has the name of the signal"),
    "d": Question("emfile", NAME, "too many files, of this process (ENFILE is that of the whole host)"),
    "e": Question("eintr", NAME, "the call was interrupted"),
    "f": Question("econnreset", NAME, "the kernel there sends RST instead of FIN"),
    "g": Question(("eagain", "ewouldblock"), NAME, "try again when it is ready"),
}
