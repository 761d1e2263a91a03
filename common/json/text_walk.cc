#include "common/json/text_walk.h"

#include <algorithm>
#include <optional>

#include "common/json/value.h"

namespace orderflow::json {
namespace {

// The text is valid, so that brackets, quotes and commas are where they must be.
class Walker {
 public:
  using Visit = std::function<void(const std::vector<TextStep>&, size_t)>;
  Walker(std::string_view text, const Visit& visit) : text_(text), visit_(visit) {}

  void Walk() {
    while (at_ < text_.size()) {
      switch (text_[at_]) {
        case '{':
        case '[':
          BeginItem();
          Open();
          break;
        case '}':
        case ']':
          way_.pop_back();
          expects_.pop_back();
          break;
        case ',':
          ++way_.back().index;
          expects_.back() = true;
          break;
        case '"':
          Text();
          continue;
        case ' ':
        case '\t':
        case '\r':
        case '\n':
        case ':':
          break;
        default:
          BeginItem();
          break;
      }
      ++at_;
    }
  }

 private:
  void Open() {
    TextStep step;
    step.is_member = text_[at_] == '{';
    way_.push_back(std::move(step));
    expects_.push_back(true);
  }

  // A value begins here; if it is the next item of an array, that is told. (A member was told with
  // its name.)
  void BeginItem() {
    if (way_.empty() || way_.back().is_member || !expects_.back()) return;
    expects_.back() = false;
    visit_(way_, at_);
  }

  void Text() {
    BeginItem();
    const size_t begin = at_++;
    while (text_[at_] != '"') at_ += text_[at_] == '\\' ? 2 : 1;
    ++at_;
    if (way_.empty() || !way_.back().is_member || !expects_.back()) return;
    expects_.back() = false;
    way_.back().name = NameOf(text_.substr(begin, at_ - begin));
    visit_(way_, begin);
  }

  // Of a quoted text; few have escapes.
  static std::string NameOf(std::string_view quoted) {
    const std::string_view inner = quoted.substr(1, quoted.size() - 2);
    if (inner.find('\\') == std::string_view::npos) return std::string(inner);
    const ParseResult name = Parse(quoted);
    return name.value.has_value() ? name.value->AsString() : std::string();
  }

  const std::string_view text_;
  const Visit& visit_;
  size_t at_ = 0;
  std::vector<TextStep> way_;
  std::vector<bool> expects_;  // of each level, whether its next member or item has not begun yet
};

// "/name" of a member, "[2]" of an item.
std::string TextOf(const TextStep& step) {
  return step.is_member ? "/" + step.name : "[" + std::to_string(step.index) + "]";
}

}  // namespace

void WalkText(std::string_view text,
              const std::function<void(const std::vector<TextStep>& way, size_t offset)>& visit) {
  Walker(text, visit).Walk();
}

TextPosition PositionOf(std::string_view text, size_t offset) {
  TextPosition position;
  size_t line_start = 0;
  for (size_t i = 0; i < offset && i < text.size(); ++i) {
    if (text[i] != '\n') continue;
    ++position.line;
    line_start = i + 1;
  }
  position.column = static_cast<int>(offset - line_start) + 1;
  return position;
}

TextPosition Locate(std::string_view text, std::string_view place) {
  size_t offset = std::min(text.find_first_not_of(" \t\r\n"), text.size());
  size_t found = 0;  // how much of the place leads to `offset`
  // How much of it the way at hand goes along, step by step; nothing beyond where it leaves.
  std::vector<size_t> along = {0};
  WalkText(text, [&](const std::vector<TextStep>& way, size_t begin) {
    along.resize(std::min(along.size(), way.size()));
    if (along.size() < way.size()) return;
    const std::string step = TextOf(way.back());
    const std::string_view rest = place.substr(along.back());
    if (!rest.starts_with(step)) return;
    const std::string_view beyond = rest.substr(step.size());
    if (!beyond.empty() && beyond.front() != '/' && beyond.front() != '[') return;
    along.push_back(along.back() + step.size());
    if (along.back() < found) return;
    found = along.back();
    offset = begin;
  });
  return PositionOf(text, offset);
}

}  // namespace orderflow::json
