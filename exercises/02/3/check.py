HOSTS = b"""\
127.0.0.1\tlocalhost.localdomain localhost
# 192.0.2.1 old.example
192.0.2.2   www.example www  # the web server, also known as old.example
192.0.2.3 \t mail.example\tsmtp.example  imap.example

::1         localhost ip6-localhost
192.0.2.4   WWW.example.org"""
ROWS = {
    "www": (b"192.0.2.2\n", "Compare whole names: www is neither mail.example nor WWW.example.org."),
    "localhost": (b"127.0.0.1\n::1\n", "A name may be in several lines."),
    "imap.example": (b"192.0.2.3\n", "A line may have several names."),
    "Mail.Example": (b"192.0.2.3\n", "Upper and lower case are the same."),
    "www.example.org": (b"192.0.2.4\n", "The last line may lack its end."),
}


def check(checker):
    for name, (addresses, hint) in ROWS.items():
        checker.step(name)
        checker.expect_run((name,), addresses, HOSTS, hint)
    for name in ("old.example", "web", "192.0.2.2", "local"):
        checker.step(f"{name}, which is not there")
        process = checker.run(name, stdin=HOSTS)
        if process.output or process.status() != 1:
            checker.wrong(process.told(), "nothing, and exit status 1",
                          "Neither a comment nor a part of a name nor an address is a name.")
