from checks import Question

QUESTIONS = {
    "a": Question("yes", "yes or no", "the port is forwarded to 172.17.0.2, and 0.0.0.0 includes that address"),
    "b": Question("no", "yes or no", "the port is forwarded to 172.17.0.2; the loopback in the container is another interface"),
    "c": Question("no", "yes or no", "which address of the host is the port published at?"),
    "d": Question("yes", "yes or no", "both are in the same network"),
    "e": Question("no", "yes or no", "whose loopback is it?"),
    "f": Question("80", "a number", "HOST:CONTAINER"),
    "g": Question("no", "yes or no", "each network namespace has its own ports"),
}
