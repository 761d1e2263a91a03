#include "orchestrator/asl/path.h"

#include <algorithm>

#include "common/base/check.h"
#include "orchestrator/asl/describe.h"
#include "orchestrator/asl/path_filter.h"

namespace orderflow::asl {
namespace {

using json::Value;
using Step = Path::Step;

const Value* ItemAt(const Value& list, int64_t index) {
  if (!list.IsArray()) return nullptr;
  if (index < 0) index += static_cast<int64_t>(list.size());
  return index < 0 ? nullptr : list.At(static_cast<size_t>(index));
}

// `value` and all values below it, parents first. False where there are more than `visits`.
bool AppendDescendants(const Value& value, int64_t& visits, std::vector<const Value*>& out) {
  std::vector<const Value*> todo = {&value};
  while (!todo.empty()) {
    const Value* at = todo.back();
    todo.pop_back();
    if (--visits < 0) return false;
    out.push_back(at);
    if (at->IsArray()) {
      const json::Array& items = at->AsArray();
      for (auto item = items.rbegin(); item != items.rend(); ++item) todo.push_back(&*item);
    } else if (at->IsObject()) {
      const json::Members& members = at->AsMembers();
      for (auto member = members.rbegin(); member != members.rend(); ++member)
        todo.push_back(&member->value);
    }
  }
  return true;
}

void SelectSlice(const Step& step, const Value& list, int64_t& visits,
                 std::vector<const Value*>& out) {
  if (!list.IsArray()) return;
  const auto size = static_cast<int64_t>(list.size());
  const auto bound = [size](int64_t at) {
    return std::clamp<int64_t>(at < 0 ? at + size : at, 0, size);
  };
  const int64_t to = bound(step.to.value_or(size));
  const int64_t stride = step.step.value_or(1);
  for (int64_t at = bound(step.from.value_or(0)); at < to; at += std::min(stride, size)) {
    if (--visits < 0) return;
    out.push_back(list.At(static_cast<size_t>(at)));
  }
}

// Calls `visit` for each item or member value.
template <typename Visit>
void ForEachChild(const Value& value, const Visit& visit) {
  if (value.IsArray()) {
    for (const Value& item : value.AsArray()) visit(item);
  } else if (value.IsObject()) {
    for (const json::Member& member : value.AsMembers()) visit(member.value);
  }
}

// What one step selects below one value.
void SelectStep(const Step& step, const Value& value, const Value& document, int64_t& visits,
                std::vector<const Value*>& out) {
  const auto add = [&](const Value* found) {
    if (--visits >= 0 && found != nullptr) out.push_back(found);
  };
  switch (step.kind) {
    case Step::Kind::kName:
      return add(value.Find(step.name));
    case Step::Kind::kIndex:
      return add(ItemAt(value, step.index));
    case Step::Kind::kNames:
      for (const std::string& name : step.names) add(value.Find(name));
      return;
    case Step::Kind::kIndexes:
      for (int64_t index : step.indexes) add(ItemAt(value, index));
      return;
    case Step::Kind::kSlice:
      return SelectSlice(step, value, visits, out);
    case Step::Kind::kWildcard:
      return ForEachChild(value, [&](const Value& child) { add(&child); });
    case Step::Kind::kFilter:
      if (value.IsObject()) {  // a filter on an object asks the object itself
        if (step.filter->Matches(value, document, visits)) add(&value);
        return;
      }
      return ForEachChild(value, [&](const Value& child) {
        if (visits >= 0 && step.filter->Matches(child, document, visits)) add(&child);
      });
  }
}

// The leaf `['a','b']` of a definite path: an object of the members that exist.
std::optional<Value> PickMembers(const Value& object, const std::vector<std::string>& names) {
  if (!object.IsObject()) return std::nullopt;
  json::Members picked;
  for (const std::string& name : names) {
    if (const Value* value = object.Find(name)) picked.push_back({name, *value});
  }
  return Value::FromMembers(std::move(picked));
}

// "$['items'][0]": how a message names a place.
std::string StepsText(const std::vector<Step>& steps, size_t count) {
  std::string text = "$";
  for (size_t i = 0; i < count; ++i) {
    if (steps[i].kind == Step::Kind::kIndex) {
      text.append("[").append(std::to_string(steps[i].index)).append("]");
    } else {
      text.append("['").append(steps[i].name).append("']");
    }
  }
  return text;
}

const char* KindName(const Value& value) {
  switch (value.kind()) {
    case json::Kind::kNull:
      return "null";
    case json::Kind::kBool:
      return "a boolean";
    case json::Kind::kInt:
    case json::Kind::kDouble:
      return "a number";
    case json::Kind::kString:
      return "a string";
    case json::Kind::kArray:
      return "an array";
    case json::Kind::kObject:
      return "an object";
  }
  return "a value";
}

std::string NoArray(const Step& step, const Value& value) {
  return "Filter: [" + std::to_string(step.index) +
         "] can only be applied to arrays. Current context is: " + DescribeInput(value);
}

}  // namespace

const Value* Path::Find(const Value& root, size_t count) const {
  const Value* at = &root;
  for (size_t i = 0; i < count; ++i) {
    const Step& step = steps_[i];
    at = step.kind == Step::Kind::kName ? at->Find(step.name) : ItemAt(*at, step.index);
    if (at == nullptr) return nullptr;
  }
  return at;
}

bool Path::Select(const Value& root, const Value& document, int64_t& visits,
                  std::vector<const Value*>& found) const {
  found = {&root};
  std::vector<const Value*> next;
  for (const Step& step : steps_) {
    next.clear();
    for (const Value* value : found) {
      if (!step.descend) {
        SelectStep(step, *value, document, visits, next);
      } else {
        std::vector<const Value*> below;
        if (!AppendDescendants(*value, visits, below)) return false;
        for (const Value* descendant : below) SelectStep(step, *descendant, document, visits, next);
      }
      if (visits < 0) return false;
    }
    found.swap(next);
  }
  return true;
}

Path::Result Path::Evaluate(const Value& root) const {
  if (simple_) {
    const Value* found = Find(root);
    if (found != nullptr) return Result{.value = *found};
    const Value* array = ends_with_index() ? Find(root, steps_.size() - 1) : nullptr;
    if (array == nullptr || !array->IsArray()) return Result{};
    return Result{.value = Value(), .past_the_end = true};
  }
  if (definite_) {  // names, indexes, and a last step that picks members
    const Value* at = &root;
    for (size_t i = 0; i + 1 < steps_.size() && at != nullptr; ++i) {
      at = steps_[i].kind == Step::Kind::kName ? at->Find(steps_[i].name)
                                               : ItemAt(*at, steps_[i].index);
    }
    return at == nullptr ? Result{} : Result{.value = PickMembers(*at, steps_.back().names)};
  }
  int64_t visits = kMaxVisits;
  std::vector<const Value*> found;
  if (!Select(root, root, visits, found)) return Result{.too_expensive = true};
  json::Array items;
  items.reserve(found.size());
  for (const Value* value : found) items.push_back(*value);
  return Result{.value = Value::FromArray(std::move(items))};
}

std::optional<std::string> Path::DescribeMisuse(const Value& root) const {
  if (!simple_) return std::nullopt;
  const Value* at = &root;
  for (const Step& step : steps_) {
    if (step.kind == Step::Kind::kIndex && !at->IsArray() && !at->IsNull())
      return NoArray(step, *at);
    at = step.kind == Step::Kind::kName ? at->Find(step.name) : ItemAt(*at, step.index);
    if (at == nullptr) return std::nullopt;
  }
  return std::nullopt;
}

std::string Path::DescribeMiss(const Value& root) const {
  const Value* at = &root;
  for (size_t i = 0; i < steps_.size(); ++i) {
    const Step& step = steps_[i];
    const bool by_name = step.kind == Step::Kind::kName || step.kind == Step::Kind::kNames;
    if (by_name && !at->IsObject()) {
      return "Expected to find an object with property ['" + step.name + "'] in path " +
             StepsText(steps_, i) + " but found " + KindName(*at) + ".";
    }
    if (!by_name && !at->IsArray()) return NoArray(step, *at);
    const Value* next = by_name ? at->Find(step.name) : ItemAt(*at, step.index);
    if (next == nullptr) {
      const bool leaf = i + 1 == steps_.size();
      return (leaf || !by_name ? "No results for path: " : "Missing property in path ") +
             StepsText(steps_, i + 1);
    }
    at = next;
  }
  return "No results for path: " + StepsText(steps_, steps_.size());
}

namespace {

std::optional<Value> PutAt(const std::vector<Step>& steps, size_t depth, const Value* at,
                           Value value) {
  if (depth == steps.size()) return value;
  const Step& step = steps[depth];
  if (step.kind == Step::Kind::kName) {
    const Value base = at == nullptr ? Value::Object({}) : *at;
    if (!base.IsObject()) return std::nullopt;
    std::optional<Value> child = PutAt(steps, depth + 1, base.Find(step.name), std::move(value));
    if (!child.has_value()) return std::nullopt;
    return base.With(step.name, *std::move(child));
  }
  if (at == nullptr || !at->IsArray()) return std::nullopt;
  const Value* item = ItemAt(*at, step.index);
  if (item == nullptr) return std::nullopt;
  std::optional<Value> child = PutAt(steps, depth + 1, item, std::move(value));
  if (!child.has_value()) return std::nullopt;
  json::Array items = at->AsArray();
  items[static_cast<size_t>(item - at->AsArray().data())] = *std::move(child);
  return Value::FromArray(std::move(items));
}

}  // namespace

std::optional<Value> Path::Put(const Value& root, Value value) const {
  ORDERFLOW_CHECK(is_reference());
  return PutAt(steps_, 0, &root, std::move(value));
}

}  // namespace orderflow::asl
