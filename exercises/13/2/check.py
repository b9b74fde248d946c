import contextlib
import shutil
import ssl
import subprocess

import checks


def make_certificate(checker, name, file):
    """Makes a certificate that has signed itself. Returns the paths of the certificate and of its key."""
    key, certificate = f"{checker.folder}/{file}.key", f"{checker.folder}/{file}.pem"
    if not shutil.which("openssl"):
        raise checks.Unavailable("this check makes certificates with openssl, which is not installed")
    done = subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                           "-days", "2", "-subj", f"/CN={name}", "-addext", f"subjectAltName=DNS:{name}",
                           "-keyout", key, "-out", certificate], capture_output=True, text=True, timeout=60)
    if done.returncode != 0:
        raise RuntimeError(f"openssl made no certificate: {done.stderr}")
    return certificate, key


def shake_hands(peer, certificate):
    """Answers the client with this certificate, and says Hello if the client goes on."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    peer.socket.settimeout(checks.PATIENCE)
    with contextlib.suppress(OSError):  # the client may leave
        with context.wrap_socket(peer.socket, server_side=True) as stream:
            stream.sendall(b"Hello\n")
            stream.unwrap()


def check(checker):
    good = make_certificate(checker, "localhost", "good")
    other_name = make_certificate(checker, "other.example", "other_name")
    stranger = make_certificate(checker, "localhost", "stranger")
    trusted = f"{checker.folder}/authorities.pem"
    with open(trusted, "w") as file:
        for certificate, key in (good, other_name):
            file.write(open(certificate).read())
    listener = checker.listen()
    rows = [("a trusted server with the right name", good, ""),
            ("a server that nobody trusts", stranger, "The signature must lead to one of the trusted authorities."),
            ("a trusted authority, but another name", other_name, "A certificate for another name proves nothing about this server.")]
    for name, certificate, hint in rows:
        checker.step(name)
        process = checker.start(listener.port, trusted, "localhost")
        shake_hands(checker.accept(listener, process), certificate)
        if certificate is not good:
            process.expect_failure(hint=hint)
        elif process.wait() != 0 or process.output != b"Hello\n":
            checker.wrong(process.told(), "Hello, and exit status 0")
