"""An SMTP server for tests: a real one (aiosmtpd), whose behaviour the recipient's name chooses.

Prints the port that it listens on at 127.0.0.1, keeps each mail it takes as STORE/NUMBER.eml (the bytes of the
content) and STORE/NUMBER.json (the envelope and the session), and ends when its standard input is closed.

    refused@   550 after RCPT TO          later@   451 after RCPT TO
    spam@      554 after the content      full@    452 after the content
    drop@      hangs up after the content, without an answer, but keeps the mail
    silent@    never answers the content
    held@      takes the content once there is a file STORE/release
"""

import argparse
import asyncio
import json
import pathlib
import ssl
import subprocess
import sys

from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword


class Handler:
    def __init__(self, arguments):
        self.arguments = arguments
        self.store = pathlib.Path(arguments.store)
        self.count = 0
        self.sessions = set()

    async def handle_MAIL(self, server, session, envelope, address, options):
        if self.arguments.refuse_sender:
            return f"550 5.7.1 {address} may not send here"
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 OK"

    async def handle_RCPT(self, server, session, envelope, address, options):
        name = address.split("@")[0]
        if name == "refused":
            return f"550 5.1.1 <{address}>: no such mailbox"
        if name == "later":
            return "451 4.7.1 greylisted, come back"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        name = envelope.rcpt_tos[0].split("@")[0]
        if name == "spam":
            return "554 5.7.1 looks like spam"
        if name == "full":
            return "452 4.3.1 no space left"
        if name == "silent":
            await asyncio.sleep(3600)
        while name == "held" and not (self.store / "release").exists():
            await asyncio.sleep(0.02)
        self.keep(session, envelope)
        if name == "drop":
            server.transport.abort()
        return "250 2.0.0 taken"

    def keep(self, session, envelope):
        self.count += 1
        self.sessions.add(id(session))
        about = {
            "mail_from": envelope.mail_from,
            "rcpt_tos": envelope.rcpt_tos,
            "tls": session.ssl is not None or self.arguments.smtps,
            "user": session.auth_data.login.decode() if session.auth_data else None,
            "helo": session.host_name,
            "sessions": len(self.sessions),
        }
        (self.store / f"{self.count}.eml").write_bytes(envelope.original_content)
        (self.store / f"{self.count}.json").write_text(json.dumps(about))


def authenticate(expected):
    def check(server, session, envelope, mechanism, data):
        good = isinstance(data, LoginPassword) and f"{data.login.decode()}:{data.password.decode()}" == expected
        return AuthResult(success=good, handled=False, auth_data=data if good else None)

    return check


def make_certificate(store):
    certificate, key = store / "certificate.pem", store / "key.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
         "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1",
         "-keyout", str(key), "-out", str(certificate)],
        check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    return context


async def serve(arguments):
    handler = Handler(arguments)
    store = pathlib.Path(arguments.store)
    context = make_certificate(store) if arguments.starttls or arguments.smtps else None

    def session():
        return SMTP(
            handler,
            hostname="mail.test",
            tls_context=context if arguments.starttls else None,
            require_starttls=arguments.starttls,
            auth_required=bool(arguments.login),
            auth_require_tls=not arguments.smtps,
            authenticator=authenticate(arguments.login) if arguments.login else None,
        )

    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        session, "127.0.0.1", arguments.port, ssl=context if arguments.smtps else None)
    print(server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.read)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--store", required=True)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--starttls", action="store_true")
    parser.add_argument("--smtps", action="store_true")
    parser.add_argument("--login", help="USER:PASSWORD that is required")
    parser.add_argument("--refuse-sender", action="store_true")
    asyncio.run(serve(parser.parse_args()))


main()
