from checks import Question

KINDS = "loopback, private, link-local or public"
QUESTIONS = {
    "a": Question("loopback", KINDS, "the loopback has more than one address: a whole /8"),
    "b": Question("private", KINDS, "172.16.0.0/12 fixes 12 bits: write 31 in binary"),
    "c": Question("public", KINDS, "172.16.0.0/12 fixes 12 bits: write 32 in binary"),
    "d": Question("private", KINDS, "10.0.0.0/8 fixes only the first octet"),
    "e": Question("link-local", KINDS, "a host takes such an address when nobody gives it one"),
    "f": Question("link-local", KINDS, "such an address is followed by the interface's name: its zone"),
    "g": Question("loopback", KINDS, "IPv6 has one address for it"),
    "h": Question("private", KINDS, "most routers at home give out such addresses"),
}
