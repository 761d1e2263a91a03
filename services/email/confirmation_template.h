#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace orderflow::email {

// What a confirmation can speak of. `amount` is empty if nothing is known of a charge.
struct ConfirmationValues {
  std::string order_id;
  std::string product_id;
  std::string quantity;
  std::string amount;
};

// The words of one mail, UTF-8.
struct ConfirmationText {
  std::string subject;  // one line
  std::string text;     // for readers of plain text
  std::string html;     // the same as HTML
};

// The confirmation with holes for its values: `{{order_id}}`, `{{product_id}}`, `{{quantity}}` and
// `{{amount}}`; what stands between `{{#amount}}` and `{{/amount}}` is left out when there is no
// amount. Values are escaped in the HTML part, so that none of them can bring markup in.
//
// Immutable after it was made; safe to read from many threads.
class ConfirmationTemplate {
 public:
  // INVALID_ARGUMENT names the text, the line and what is wrong there: an unknown name, braces or a
  // section left open, a subject of more than one line or of none, bytes that are no UTF-8.
  static absl::StatusOr<ConfirmationTemplate> Parse(const ConfirmationText& texts);

  // Reads subject.txt, body.txt and body.html of a folder. NOT_FOUND: a file is missing.
  static absl::StatusOr<ConfirmationTemplate> Load(const std::string& folder);

  // The one that is compiled in.
  static ConfirmationTemplate Default();

  ConfirmationText Render(const ConfirmationValues& values) const;

 private:
  using Value = std::string ConfirmationValues::*;

  // A literal, a value, or the start of a section: then `skip` pieces are left out if `value` is
  // empty.
  struct Piece {
    std::string literal;
    Value value = nullptr;
    size_t skip = 0;
  };
  using Pieces = std::vector<Piece>;

  class Parser;
  static std::string Fill(const Pieces& pieces, const ConfirmationValues& values, bool html);

  Pieces subject_;
  Pieces text_;
  Pieces html_;
};

}  // namespace orderflow::email
