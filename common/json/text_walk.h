#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace orderflow::json {

// One step on the way from the outermost value of a text to a value within.
struct TextStep {
  bool is_member = false;
  std::string name;  // of a member
  size_t index = 0;  // of the member among its siblings, or of the item
};

// Goes through a JSON text, which must be valid, and calls `visit` for each value but the outermost
// one, in the order of the text: with the way to it, and where in the text it begins, a member with
// its name. What a Value does not tell: places, and members of the same name.
void WalkText(std::string_view text,
              const std::function<void(const std::vector<TextStep>& way, size_t offset)>& visit);

// A place in a text, as an editor counts.
struct TextPosition {
  int line = 1;
  int column = 1;  // in bytes, from 1
};
TextPosition PositionOf(std::string_view text, size_t offset);

// Where a place like "/States/Check stock/Catch[0]/Next" begins in a valid text: a member with its
// name, an item with its value. Names are as they are in the text's values, so that one with a '/'
// may read like two. Of members of the same name, the last one counts, as in a Value. Where the
// place leads further than the text does, that is where it stops.
TextPosition Locate(std::string_view text, std::string_view place);

}  // namespace orderflow::json
