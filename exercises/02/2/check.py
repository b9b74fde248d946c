from checks import Question

SERVERS = "root, org or example.org"
QUESTIONS = {
    "a": Question(("root", "a root server"), SERVERS, "with an empty cache, the resolver knows only where the tree begins"),
    "b": Question("example.org", SERVERS, "the others only say whom to ask next"),
    "c": Question("12:50", "a time, like 09:30", "the time to live begins when the answer is fetched, not when it is changed"),
    "d": Question("/etc/hosts", "a path", "it is older than DNS"),
    "e": Question(("80.2.0.192.in-addr.arpa",), "a name that ends in arpa",
                  "the most general part of a name is at its end; that of an address is at its beginning"),
    "f": Question("no", "yes or no", "who enters the answer?"),
}
