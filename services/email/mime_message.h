#pragma once

// Writes mails as RFC 5322 says, with the parts of RFC 2045 to 2047 that a confirmation needs.

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace orderflow::email {

// A name, which may be empty, and an address.
struct Mailbox {
  std::string name;
  std::string address;

  std::string domain() const { return address.substr(address.find('@') + 1); }
};

// Reads "orders@example.com", "Example Shop <orders@example.com>" or the latter with the name in
// double quotes. The name is UTF-8. INVALID_ARGUMENT says what is wrong.
absl::StatusOr<Mailbox> ParseMailbox(std::string_view text);

// A mail with the same words twice, as plain text and as HTML.
struct MimeMessage {
  absl::Time date;
  Mailbox from;
  std::string to;          // an address
  std::string message_id;  // with its angle brackets
  std::string subject;     // UTF-8
  std::string text;        // UTF-8, lines end with \n
  std::string html;        // the same
};

// The mail as it goes over the wire: lines end with CRLF and have at most 998 characters, all of it
// is ASCII. The same message always gives the same bytes. No field can start a header of its own:
// addresses and the id are refused with INVALID_ARGUMENT if they hold anything but visible ASCII,
// and whatever is not plain text in a subject or a name is encoded.
absl::StatusOr<std::string> WriteMessage(const MimeMessage& message);

// The pieces, for tests.

// A header's unstructured text from column `column` on: ASCII is folded at blanks, anything else
// becomes encoded words; control characters become blanks.
std::string EncodeHeaderText(std::string_view text, size_t column);
// RFC 2045, 6.7: lines of at most 76 characters, ended with CRLF.
std::string QuotedPrintable(std::string_view text);
bool IsUtf8(std::string_view text);

}  // namespace orderflow::email
