from checks import Question

QUESTIONS = {
    "a": Question("3", "a number", "one descriptor is in the state LISTEN"),
    "b": Question("2", "a number", "each connection has two ends, and both are in the list"),
    "c": Question("5", "a number", "look for the port of that client among the peers of the server"),
    "d": Question("8080", "a number", "all descriptors of a server have the same local port"),
    "e": Question("611", "a number", "whose *local* port is it?"),
    "f": Question("no", "yes or no", "a connected descriptor does not need the listening one"),
    "g": Question("4", "a number", "the kernel gives the lowest number that is free"),
}
