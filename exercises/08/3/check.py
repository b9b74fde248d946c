from checks import Question

QUESTIONS = {
    "a": Question("3", "a number", "a datagram without content is a datagram, too"),
    "b": Question("0", "a number", "how many octets does it have?"),
    "c": Question(("0", "none"), "a number", "a datagram is received with one call; what did not fit is lost"),
    "d": Question(("0", "none"), "a number", "there is no handshake: the call only notes an address"),
    "e": Question("econnrefused", "the name of an error, which begins with E", "the kernel there has answered by ICMP: port unreachable"),
    "f": Question("yes", "yes or no", "each packet finds its own way"),
    "g": Question("yes", "yes or no", "a stream has no boundaries"),
}
