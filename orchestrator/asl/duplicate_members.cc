#include "orchestrator/asl/duplicate_members.h"

#include <string>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "common/json/value.h"

namespace orderflow::asl {
namespace {

// Walks the text once. It is valid, so that brackets, quotes and commas are where they must be.
class Scanner {
 public:
  Scanner(std::string_view text, Diagnostics& diagnostics)
      : text_(text), diagnostics_(diagnostics) {}

  void Scan() {
    while (at_ < text_.size()) {
      switch (text_[at_]) {
        case '{':
          Open(/*is_object=*/true);
          break;
        case '[':
          Open(/*is_object=*/false);
          break;
        case '}':
        case ']':
          levels_.pop_back();
          break;
        case ',':
          NextMember();
          break;
        case '"':
          Text();
          continue;
        default:
          break;
      }
      ++at_;
    }
  }

 private:
  struct Level {
    bool is_object = false;
    bool expects_name = false;
    size_t index = 0;  // of the item, in an array
    std::string name;  // of the member, in an object
    absl::flat_hash_set<std::string> names;
  };

  void Open(bool is_object) {
    levels_.push_back({.is_object = is_object, .expects_name = is_object, .name = {}, .names = {}});
  }

  void NextMember() {
    levels_.back().expects_name = levels_.back().is_object;
    ++levels_.back().index;
  }

  void Text() {
    const size_t begin = at_++;
    while (text_[at_] != '"') at_ += text_[at_] == '\\' ? 2 : 1;
    ++at_;
    if (levels_.empty() || !levels_.back().expects_name) return;
    levels_.back().expects_name = false;
    const json::ParseResult name = json::Parse(text_.substr(begin, at_ - begin));
    if (!name.value.has_value()) return;
    levels_.back().name = name.value->AsString();
    if (levels_.back().names.insert(levels_.back().name).second) return;
    diagnostics_.Error(kInvalidJson, Location(), "Duplicate field '" + levels_.back().name + "'");
  }

  std::string Location() const {
    std::string location = "/";
    for (const Level& level : levels_) {
      location = level.is_object ? ChildLocation(location, level.name)
                                 : ChildLocation(location, level.index);
    }
    return location;
  }

  const std::string_view text_;
  Diagnostics& diagnostics_;
  size_t at_ = 0;
  std::vector<Level> levels_;
};

}  // namespace

void ReportDuplicateMembers(std::string_view text, Diagnostics& diagnostics) {
  Scanner(text, diagnostics).Scan();
}

}  // namespace orderflow::asl
