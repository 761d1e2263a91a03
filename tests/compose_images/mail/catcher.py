"""Takes mails by SMTP at port 1025 and shows them by HTTP at port 8025; keeps them in memory."""

import email
import json
from email.utils import getaddresses
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from aiosmtpd.controller import Controller

mails: list[bytes] = []


class Inbox:
    async def handle_DATA(self, server, session, envelope) -> str:
        mails.append(envelope.original_content)
        return "250 taken"


def summary(number: int, content: bytes) -> dict:
    mail = email.message_from_bytes(content)
    return {"ID": str(number), "MessageID": mail["Message-ID"].strip("<>"), "Subject": mail["Subject"],
            "To": [{"Name": name, "Address": address} for name, address in getaddresses(mail.get_all("To"))]}


class Pages(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        parts = self.path.strip("/").split("/")
        if parts == ["api", "v1", "messages"]:
            messages = [summary(number, content) for number, content in enumerate(mails)]
            self.answer(200, "application/json", json.dumps({"total": len(messages), "messages": messages}).encode())
        elif parts[:3] == ["api", "v1", "message"] and parts[4:] == ["raw"] and int(parts[3]) < len(mails):
            self.answer(200, "text/plain", mails[int(parts[3])])
        else:
            self.answer(404, "text/plain", b"no such page\n")

    def answer(self, status: int, content_type: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


if __name__ == "__main__":
    Controller(Inbox(), hostname="0.0.0.0", port=1025).start()
    ThreadingHTTPServer(("0.0.0.0", 8025), Pages).serve_forever()
