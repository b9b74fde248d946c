from checks import Question

STEPS = "accept, parse, translate, authorize or respond"
QUESTIONS = {
    "a": Question("accept", STEPS, "no octet of a request was read"),
    "b": Question("parse", STEPS, "the octets alone show it"),
    "c": Question("translate", STEPS, "the request is well-formed; what it asks for has no such method"),
    "d": Question("translate", STEPS, "the request is well-formed; its target leads to no path below the root"),
    "e": Question("authorize", STEPS, "the server knows what is asked for, and not yet who asks"),
    "f": Question("respond", STEPS, "the client is allowed to know; only opening the file shows that it does not exist"),
    "g": Question("respond", STEPS, "this one goes all the way"),
}
