"""Prints what a mail reader makes of the mail on standard input, one "name: value" a line, line ends written as \\n."""

import email
import email.policy
import sys


def show(name, value):
    print(f"{name}: " + str(value).replace("\r\n", "\n").replace("\n", "\\n"))


mail = email.message_from_bytes(sys.stdin.buffer.read(), policy=email.policy.default)
for header in ("From", "To", "Subject", "Message-ID", "Auto-Submitted"):
    show(header, "|".join(mail.get_all(header, [])))
show("Date", mail["Date"].datetime.isoformat())
show("Type", mail.get_content_type())
show("Parts", ",".join(part.get_content_type() for part in mail.iter_parts()))
show("Text", mail.get_body(("plain",)).get_content())
show("Html", mail.get_body(("html",)).get_content())
show("Headers", ",".join(mail.keys()))
show("Defects", [str(defect) for part in mail.walk() for defect in part.defects])
