#include "cli/table.h"

#include <algorithm>
#include <utility>

#include "common/base/check.h"

namespace orderflow::cli {
namespace {

bool IsContinuationByte(char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }

void AppendPadded(std::string_view text, size_t width, Table::Align align, std::string& out) {
  const size_t used = DisplayWidth(text);
  const size_t padding = width > used ? width - used : 0;
  if (align == Table::Align::kRight) out.append(padding, ' ');
  out.append(text);
  if (align == Table::Align::kLeft) out.append(padding, ' ');
}

}  // namespace

void Table::AddRow(std::vector<std::string> cells) {
  ORDERFLOW_CHECK(cells.size() == columns_.size());
  for (std::string& cell : cells) cell = Printable(cell);
  rows_.push_back(std::move(cells));
}

std::string Table::ToString() const {
  std::vector<size_t> widths;
  for (const Column& column : columns_) widths.push_back(DisplayWidth(column.title));
  for (const std::vector<std::string>& row : rows_) {
    for (size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], DisplayWidth(row[i]));
  }

  std::string text;
  const auto append_line = [&](const auto& cell) {
    for (size_t i = 0; i < columns_.size(); ++i) {
      if (i > 0) text.append("  ");
      AppendPadded(cell(i), widths[i], columns_[i].align, text);
    }
    text.erase(text.find_last_not_of(' ') + 1);
    text.push_back('\n');
  };
  append_line([&](size_t i) -> std::string_view { return columns_[i].title; });
  for (const std::vector<std::string>& row : rows_) {
    append_line([&](size_t i) -> std::string_view { return row[i]; });
  }
  return text;
}

std::string Printable(std::string_view text) {
  std::string printable(text);
  for (size_t i = 0; i < printable.size(); ++i) {
    const auto c = static_cast<unsigned char>(printable[i]);
    if (c < 0x20 || c == 0x7F) printable[i] = '?';
    // U+0080 to U+009F, control characters to some terminals, are C2 80 to C2 9F.
    if (c == 0xC2 && i + 1 < printable.size() &&
        static_cast<unsigned char>(printable[i + 1]) < 0xA0) {
      printable.replace(i, 2, "?");
    }
  }
  return printable;
}

size_t DisplayWidth(std::string_view text) {
  return static_cast<size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return !IsContinuationByte(c); }));
}

std::string Shortened(std::string_view text, size_t width) {
  if (DisplayWidth(text) <= width) return std::string(text);
  size_t end = 0;
  for (size_t columns = 0; end < text.size(); ++end) {
    if (IsContinuationByte(text[end])) continue;
    if (++columns == width) break;  // room for the ellipsis
  }
  return std::string(text.substr(0, end)) + "…";
}

}  // namespace orderflow::cli
