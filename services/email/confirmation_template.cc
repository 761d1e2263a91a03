#include "services/email/confirmation_template.h"

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <optional>
#include <utility>

#include "common/base/check.h"
#include "common/base/quote.h"
#include "common/base/status.h"
#include "services/email/mime_message.h"

namespace orderflow::email {
namespace {

constexpr size_t kMaxTemplateBytes = 256 * 1024;

constexpr std::string_view kSubject = "Your order {{order_id}} is confirmed";

constexpr std::string_view kText = R"(Thank you for your order. It is confirmed:

  Order      {{order_id}}
  Product    {{product_id}}
  Quantity   {{quantity}}
{{#amount}}  Charged    {{amount}}
{{/amount}}
Please keep this message, and name the order if you write to us about it.
)";

constexpr std::string_view kHtml = R"(<!DOCTYPE html>
<html lang="en">
<head><meta charset="utf-8"><title>Order {{order_id}}</title></head>
<body style="font-family: sans-serif; color: #222;">
<p>Thank you for your order. It is confirmed:</p>
<table cellpadding="4">
<tr><td>Order</td><td><strong>{{order_id}}</strong></td></tr>
<tr><td>Product</td><td>{{product_id}}</td></tr>
<tr><td>Quantity</td><td>{{quantity}}</td></tr>
{{#amount}}<tr><td>Charged</td><td>{{amount}}</td></tr>
{{/amount}}</table>
<p>Please keep this message, and name the order if you write to us about it.</p>
</body>
</html>
)";

void AppendEscaped(std::string_view value, std::string& html) {
  for (const char c : value) {
    switch (c) {
      case '&':
        html += "&amp;";
        break;
      case '<':
        html += "&lt;";
        break;
      case '>':
        html += "&gt;";
        break;
      case '"':
        html += "&quot;";
        break;
      case '\'':
        html += "&#39;";
        break;
      default:
        html += c;
    }
  }
}

absl::StatusOr<std::string> ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return absl::NotFoundError("cannot read the mail template " + Quote(path, 256));
  std::string content(kMaxTemplateBytes + 1, '\0');
  file.read(content.data(), static_cast<std::streamsize>(content.size()));
  content.resize(static_cast<size_t>(file.gcount()));
  if (content.size() > kMaxTemplateBytes) {
    return absl::InvalidArgumentError("the mail template " + Quote(path, 256) +
                                      " is larger than 256 KiB");
  }
  return content;
}

std::string WithoutTrailingNewlines(std::string text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.pop_back();
  return text;
}

}  // namespace

// Cuts one text into pieces.
class ConfirmationTemplate::Parser {
 public:
  Parser(std::string_view name, std::string_view text) : name_(name), text_(text) {}

  absl::StatusOr<Pieces> Parse() {
    if (!IsUtf8(text_)) return Error(text_.size(), "the text is not UTF-8");
    while (position_ < text_.size()) {
      const size_t open = std::min(text_.find("{{", position_), text_.size());
      if (open > position_) {
        pieces_.push_back({.literal = std::string(text_.substr(position_, open - position_))});
      }
      position_ = open;
      if (open < text_.size()) ORDERFLOW_RETURN_IF_ERROR(ParseTag());
    }
    if (section_.has_value()) return Error(text_.size(), "a section is still open at the end");
    return std::move(pieces_);
  }

 private:
  absl::Status ParseTag() {
    const size_t close = text_.find("}}", position_);
    if (close == std::string_view::npos) return Error(position_, "\"{{\" without \"}}\"");
    std::string_view name = text_.substr(position_ + 2, close - position_ - 2);
    const char mark = name.empty() ? '\0' : name.front();
    if (mark == '#' || mark == '/') name.remove_prefix(1);
    const Value value = Find(name);
    if (value == nullptr) {
      return Error(position_, "unknown name " + Quote(name) +
                                  "; known are order_id, product_id, quantity and amount");
    }
    if (mark == '#') {
      ORDERFLOW_RETURN_IF_ERROR(OpenSection(value));
    } else if (mark == '/') {
      ORDERFLOW_RETURN_IF_ERROR(CloseSection(value));
    } else {
      pieces_.push_back({.literal = "", .value = value});
    }
    position_ = close + 2;
    return absl::OkStatus();
  }

  absl::Status OpenSection(Value value) {
    if (section_.has_value()) return Error(position_, "a section inside a section");
    section_ = pieces_.size();
    pieces_.push_back({.literal = "", .value = value});
    return absl::OkStatus();
  }

  absl::Status CloseSection(Value value) {
    if (!section_.has_value() || pieces_[*section_].value != value) {
      return Error(position_, "the end of a section that is not open");
    }
    // An empty section counts itself, so that `skip` tells a section from a value.
    pieces_.push_back({.literal = ""});
    pieces_[*section_].skip = pieces_.size() - *section_ - 1;
    section_.reset();
    return absl::OkStatus();
  }

  static Value Find(std::string_view name) {
    if (name == "order_id") return &ConfirmationValues::order_id;
    if (name == "product_id") return &ConfirmationValues::product_id;
    if (name == "quantity") return &ConfirmationValues::quantity;
    if (name == "amount") return &ConfirmationValues::amount;
    return nullptr;
  }

  absl::Status Error(size_t position, std::string_view what) const {
    const auto line = 1 + std::count(text_.begin(), text_.begin() + position, '\n');
    return absl::InvalidArgumentError("mail template " + name_ + ", line " + std::to_string(line) +
                                      ": " + std::string(what));
  }

  const std::string name_;
  const std::string_view text_;
  size_t position_ = 0;
  std::optional<size_t> section_;  // index of the open section's first piece
  Pieces pieces_;
};

absl::StatusOr<ConfirmationTemplate> ConfirmationTemplate::Parse(const ConfirmationText& texts) {
  if (texts.subject.empty() || texts.subject.find_first_of("\r\n") != std::string::npos) {
    return absl::InvalidArgumentError("mail template subject: must be exactly one line");
  }
  ConfirmationTemplate result;
  ORDERFLOW_ASSIGN_OR_RETURN(result.subject_, Parser("subject", texts.subject).Parse());
  ORDERFLOW_ASSIGN_OR_RETURN(result.text_, Parser("text", texts.text).Parse());
  ORDERFLOW_ASSIGN_OR_RETURN(result.html_, Parser("html", texts.html).Parse());
  return result;
}

absl::StatusOr<ConfirmationTemplate> ConfirmationTemplate::Load(const std::string& folder) {
  ConfirmationText texts;
  ORDERFLOW_ASSIGN_OR_RETURN(texts.subject, ReadFile(folder + "/subject.txt"));
  ORDERFLOW_ASSIGN_OR_RETURN(texts.text, ReadFile(folder + "/body.txt"));
  ORDERFLOW_ASSIGN_OR_RETURN(texts.html, ReadFile(folder + "/body.html"));
  texts.subject = WithoutTrailingNewlines(std::move(texts.subject));
  return Parse(texts);
}

ConfirmationTemplate ConfirmationTemplate::Default() {
  absl::StatusOr<ConfirmationTemplate> parsed = Parse(
      {.subject = std::string(kSubject), .text = std::string(kText), .html = std::string(kHtml)});
  ORDERFLOW_CHECK(parsed.ok());
  return *std::move(parsed);
}

std::string ConfirmationTemplate::Fill(const Pieces& pieces, const ConfirmationValues& values,
                                       bool html) {
  std::string out;
  for (size_t i = 0; i < pieces.size(); ++i) {
    const Piece& piece = pieces[i];
    if (piece.skip > 0) {
      if ((values.*piece.value).empty()) i += piece.skip;
    } else if (piece.value == nullptr) {
      out += piece.literal;
    } else if (html) {
      AppendEscaped(values.*piece.value, out);
    } else {
      out += values.*piece.value;
    }
  }
  return out;
}

ConfirmationText ConfirmationTemplate::Render(const ConfirmationValues& values) const {
  return {.subject = Fill(subject_, values, /*html=*/false),
          .text = Fill(text_, values, /*html=*/false),
          .html = Fill(html_, values, /*html=*/true)};
}

}  // namespace orderflow::email
