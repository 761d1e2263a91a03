#include "services/email/mime_message.h"

#include <algorithm>
#include <cstdint>

#include "absl/strings/escaping.h"
#include "common/base/quote.h"
#include "common/base/status.h"
#include "common/order/order_rules.h"

namespace orderflow::email {
namespace {

constexpr size_t kFoldAt = 76;           // RFC 2047, 2; below the 78 that RFC 5322, 2.1.1 advises
constexpr size_t kMaxHeaderValue = 512;  // ours: nothing that we write comes near it
constexpr std::string_view kCrLf = "\r\n";
// "=_" cannot occur in quoted-printable text, where hexadecimal digits or a line's end follow each
// "=".
constexpr std::string_view kBoundary = "=_orderflow_part";

bool IsVisibleAscii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < '\x7f'; });
}

bool IsPlainAscii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c < '\x7f'; });
}

// How many bytes the UTF-8 character has that starts with `lead`; 1 for bytes that start none.
size_t CharacterLength(char lead) {
  const auto byte = static_cast<unsigned char>(lead);
  if (byte >= 0xf0) return 4;
  if (byte >= 0xe0) return 3;
  if (byte >= 0xc0) return 2;
  return 1;
}

// RFC 2047: base64, whole characters in each word, words joined by folds.
std::string EncodedWords(std::string_view text, size_t column) {
  constexpr std::string_view kStart = "=?UTF-8?B?";
  constexpr std::string_view kEnd = "?=";
  std::string out;
  while (!text.empty()) {
    // What base64 turns into at most the rest of the line: 4 characters for 3 bytes. At least one
    // character goes in.
    const size_t frame = column + kStart.size() + kEnd.size();
    const size_t room = frame < kFoldAt ? (kFoldAt - frame) / 4 * 3 : 0;
    size_t taken = 0;
    while (taken < text.size()) {
      const size_t next = std::min(text.size(), taken + CharacterLength(text[taken]));
      if (taken > 0 && next > room) break;
      taken = next;
    }
    out += kStart;
    out += absl::Base64Escape(absl::string_view(text.data(), taken));
    out += kEnd;
    text.remove_prefix(taken);
    column = 1;
    if (!text.empty()) out += "\r\n ";
  }
  return out;
}

std::string FoldAtBlanks(std::string_view text, size_t column) {
  std::string out;
  size_t start = 0;
  while (start < text.size()) {
    const size_t end = std::min(text.find(' ', start + 1), text.size());
    if (column + (end - start) > kFoldAt && start > 0 && text[start] == ' ') {
      out += kCrLf;
      column = 0;
    }
    out += text.substr(start, end - start);
    column += end - start;
    start = end;
  }
  return out;
}

// Blanks at an end, or two in a row, may be lost when a header is unfolded.
bool KeepsItsBlanks(std::string_view text) {
  return text.empty() ||
         (text.front() != ' ' && text.back() != ' ' && text.find("  ") == std::string_view::npos);
}

// A reader may choke on control characters even where they come encoded.
std::string WithoutControls(std::string_view text) {
  std::string clean(text);
  std::replace_if(
      clean.begin(), clean.end(),
      [](char c) { return static_cast<unsigned char>(c) < ' ' || c == '\x7f'; }, ' ');
  return clean;
}

std::string QuotedString(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + '"';
}

std::string EncodeMailbox(const Mailbox& mailbox, size_t column) {
  const std::string address = "<" + mailbox.address + ">";
  if (mailbox.name.empty()) return address;
  std::string name = WithoutControls(mailbox.name);
  name = IsPlainAscii(name) ? QuotedString(name) : EncodedWords(name, column);
  const bool fits = column + name.size() + 1 + address.size() <= kFoldAt;
  return name + (fits ? " " : "\r\n ") + address;
}

absl::Status CheckHeaderValue(std::string_view header, std::string_view value) {
  if (!value.empty() && value.size() <= kMaxHeaderValue && IsVisibleAscii(value)) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError("the mail's " + std::string(header) +
                                    " is empty, too long, or not visible ASCII");
}

void AppendHeader(std::string_view name, std::string_view value, std::string& out) {
  out += name;
  out += ": ";
  out += value;
  out += kCrLf;
}

void AppendPart(std::string_view type, std::string_view text, std::string& out) {
  out += "--";
  out += kBoundary;
  out += kCrLf;
  AppendHeader("Content-Type", std::string(type) + "; charset=utf-8", out);
  AppendHeader("Content-Transfer-Encoding", "quoted-printable", out);
  out += kCrLf;
  out += QuotedPrintable(text);
  out += kCrLf;
}

// Appends the `size` characters of `piece` that stand for one byte to a line of quoted-printable
// text, after a soft line break if there is no room for them and for the "=" of a later one.
void AppendToLine(std::string_view piece, size_t& column, std::string& out) {
  if (column + piece.size() > kFoldAt - 1) {
    out += "=\r\n";
    column = 0;
  }
  out += piece;
  column += piece.size();
}

}  // namespace

absl::StatusOr<Mailbox> ParseMailbox(std::string_view text) {
  Mailbox mailbox;
  if (!text.empty() && text.back() == '>') {
    const size_t open = text.rfind('<');
    if (open == std::string_view::npos) {
      return absl::InvalidArgumentError(Quote(text) + " has a \">\" without a \"<\"");
    }
    mailbox.address = std::string(text.substr(open + 1, text.size() - open - 2));
    std::string_view name = text.substr(0, open);
    while (!name.empty() && name.back() == ' ') name.remove_suffix(1);
    if (name.size() >= 2 && name.front() == '"' && name.back() == '"') {
      name = name.substr(1, name.size() - 2);
    }
    mailbox.name = std::string(name);
  } else {
    mailbox.address = std::string(text);
  }
  if (mailbox.name.size() > kMaxHeaderValue || !IsUtf8(mailbox.name)) {
    return absl::InvalidArgumentError(Quote(text) + " has a name that is too long or no UTF-8");
  }
  if (auto wrong = order::CheckEmail(mailbox.address)) {
    return absl::InvalidArgumentError(Quote(text) + ": the address " + *wrong);
  }
  return mailbox;
}

absl::StatusOr<std::string> WriteMessage(const MimeMessage& message) {
  ORDERFLOW_RETURN_IF_ERROR(CheckHeaderValue("sender", message.from.address));
  ORDERFLOW_RETURN_IF_ERROR(CheckHeaderValue("recipient", message.to));
  ORDERFLOW_RETURN_IF_ERROR(CheckHeaderValue("Message-ID", message.message_id));
  std::string out;
  out.reserve(1024 + message.text.size() + message.html.size() * 5 / 4);
  AppendHeader("Date",
               absl::FormatTime("%a, %d %b %E4Y %H:%M:%S +0000", message.date, absl::UTCTimeZone()),
               out);
  AppendHeader("From", EncodeMailbox(message.from, sizeof("From: ") - 1), out);
  AppendHeader("To", "<" + message.to + ">", out);
  AppendHeader("Message-ID", message.message_id, out);
  AppendHeader("Subject", EncodeHeaderText(message.subject, sizeof("Subject: ") - 1), out);
  AppendHeader("Auto-Submitted", "auto-generated", out);  // RFC 3834: no out-of-office replies
  AppendHeader("MIME-Version", "1.0", out);
  AppendHeader("Content-Type",
               "multipart/alternative;\r\n boundary=\"" + std::string(kBoundary) + "\"", out);
  out += kCrLf;
  AppendPart("text/plain", message.text, out);
  AppendPart("text/html", message.html, out);
  out += "--";
  out += kBoundary;
  out += "--\r\n";
  return out;
}

std::string EncodeHeaderText(std::string_view value, size_t column) {
  const std::string text = WithoutControls(value);
  // "=?" must not look like an encoded word of ours.
  const bool plain = IsPlainAscii(text) && KeepsItsBlanks(text) &&
                     text.find("=?") == std::string::npos && text.size() <= kMaxHeaderValue;
  return plain ? FoldAtBlanks(text, column) : EncodedWords(text, column);
}

std::string QuotedPrintable(std::string_view text) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  std::string out;
  out.reserve(text.size() * 5 / 4);
  size_t column = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '\n') {
      out += kCrLf;
      column = 0;
      continue;
    }
    const bool ends_line = i + 1 == text.size() || text[i + 1] == '\n';
    const bool is_blank = c == ' ' || c == '\t';
    if ((c > ' ' && c < '\x7f' && c != '=') || (is_blank && !ends_line)) {
      AppendToLine(std::string_view(&c, 1), column, out);
    } else {
      const auto byte = static_cast<unsigned char>(c);
      const char code[] = {'=', kHex[byte >> 4], kHex[byte & 15]};
      AppendToLine(std::string_view(code, sizeof(code)), column, out);
    }
  }
  return out;
}

bool IsUtf8(std::string_view text) {
  for (size_t i = 0; i < text.size();) {
    const size_t length = CharacterLength(text[i]);
    uint32_t code = static_cast<unsigned char>(text[i]);
    if (length == 1) {
      if (code >= 0x80) return false;
      ++i;
      continue;
    }
    if (code > 0xf4 || i + length > text.size()) return false;
    code &= 0xff >> (length + 1);
    for (size_t k = 1; k < length; ++k) {
      const auto byte = static_cast<unsigned char>(text[i + k]);
      if ((byte & 0xc0) != 0x80) return false;
      code = code << 6 | (byte & 0x3f);
    }
    constexpr uint32_t kSmallest[] = {0, 0, 0x80, 0x800, 0x10000};
    if (code < kSmallest[length] || code > 0x10ffff || (code >= 0xd800 && code < 0xe000))
      return false;
    i += length;
  }
  return true;
}

}  // namespace orderflow::email
