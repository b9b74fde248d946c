from checks import Question

QUESTIONS = {
    "a": Question("36895", "a port", "8080 is 0x1f90; turn the two octets round"),
    "b": Question("yes", "yes or no", "how many octets does a character of this text have?"),
    "c": Question(("0a 00 00 01", "0a000001"), "four octets, like 01 02 03 04", "10 is 0a, and the most significant octet comes first"),
    "d": Question("yes", "yes or no", "where does the int begin: at octet 1, or at octet 4?"),
    "e": Question("n", "n or other", "swap two octets twice"),
}
