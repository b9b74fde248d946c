from checks import Question

MESSAGE = "the name of a message"
QUESTIONS = {
    "a": Question("clienthello", MESSAGE, "the server has to know before it shows a certificate"),
    "b": Question("no", "yes or no", "it comes after the ServerHello: both have a secret by then"),
    "c": Question("certificateverify", MESSAGE, "anybody can show a copy of the certificate; only its owner can sign this handshake"),
    "d": Question(("1", "one"), "a number", "the server answers once, and then the client may speak"),
    "e": Question("no", "yes or no", "everybody can get a certificate for a name of his own"),
    "f": Question("encryptedextensions", MESSAGE, "everything after the two hellos is encrypted"),
    "g": Question("no", "yes or no", "anybody on the way can cut a TCP connection"),
}
