#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace orderflow::cli {

// Rows of text in aligned columns, as people read them. Build it, then print what ToString gives.
//
//   Table table({{"PRODUCT"}, {"AVAILABLE", Table::Align::kRight}});
//   table.AddRow({"sku-001", "97"});
class Table {
 public:
  enum class Align { kLeft, kRight };
  struct Column {
    std::string title;
    Align align = Align::kLeft;
  };

  explicit Table(std::vector<Column> columns) : columns_(std::move(columns)) {}
  // Must have as many cells as there are columns. Cells are made safe to print: see Printable.
  void AddRow(std::vector<std::string> cells);
  bool empty() const { return rows_.empty(); }
  // The titles and rows, each line ended by '\n' and without blanks at its end.
  std::string ToString() const;

 private:
  std::vector<Column> columns_;
  std::vector<std::vector<std::string>> rows_;
};

// The text with control characters replaced by '?', so that what a server sends cannot steer the
// terminal.
std::string Printable(std::string_view text);

// How many columns a UTF-8 text takes in a terminal, one for each code point.
size_t DisplayWidth(std::string_view text);

// The text cut to `width` columns, with an ellipsis where something is missing.
std::string Shortened(std::string_view text, size_t width);

}  // namespace orderflow::cli
