#include "common/json/value.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <memory>

#include "absl/container/flat_hash_set.h"
#include "absl/container/inlined_vector.h"
#include "absl/hash/hash.h"
#include "absl/strings/string_view.h"
#include "common/base/check.h"

namespace orderflow::json {
namespace {

// Up to here a walk over the members beats a hash table, and needs no memory.
constexpr size_t kMaxMembersToScan = 16;
// Up to here a tree is freed by plain recursion; deeper ones keep a list of what is left to free.
constexpr size_t kMaxDepthToRecurse = 64;

// Finds members by name: a set of positions that hashes and compares the names at them.
class MemberIndex {
 public:
  explicit MemberIndex(const Members& members)
      : positions_(0, Hash{&members}, Equal{&members}), members_(members) {
    positions_.reserve(members.size());
  }

  // Adds the name at `position`, or answers where the same name was added before.
  std::pair<size_t, bool> Insert(size_t position) {
    auto [it, inserted] = positions_.insert(static_cast<uint32_t>(position));
    return {*it, inserted};
  }
  const Value* Find(std::string_view key) const {
    auto it = positions_.find(key);
    return it == positions_.end() ? nullptr : &members_[*it].value;
  }

 private:
  struct Hash {
    using is_transparent = void;
    const Members* members;
    size_t operator()(std::string_view key) const {
      return absl::HashOf(absl::string_view(key.data(), key.size()));
    }
    size_t operator()(uint32_t position) const { return (*this)((*members)[position].key); }
  };
  struct Equal {
    using is_transparent = void;
    const Members* members;
    bool operator()(uint32_t a, uint32_t b) const { return (*members)[a].key == (*members)[b].key; }
    bool operator()(uint32_t a, std::string_view b) const { return (*members)[a].key == b; }
    bool operator()(std::string_view a, uint32_t b) const { return (*members)[b].key == a; }
  };
  absl::flat_hash_set<uint32_t, Hash, Equal> positions_;
  const Members& members_;
};

void RemoveDuplicatesByScan(Members& members) {
  size_t kept = 0;
  for (size_t i = 0; i < members.size(); ++i) {
    size_t same = 0;
    while (same < kept && members[same].key != members[i].key) ++same;
    if (same < kept) {
      members[same].value = std::move(members[i].value);
    } else {
      if (kept != i) members[kept] = std::move(members[i]);
      ++kept;
    }
  }
  members.resize(kept);
}

void RemoveDuplicatesByHash(Members& members) {
  ORDERFLOW_CHECK(members.size() < UINT32_MAX);
  std::vector<bool> replaced(members.size());
  {
    MemberIndex index(members);
    for (size_t i = 0; i < members.size(); ++i) {
      auto [position, inserted] = index.Insert(i);
      if (inserted) continue;
      members[position].value = std::move(members[i].value);
      replaced[i] = true;
    }
  }
  size_t kept = 0;
  for (size_t i = 0; i < members.size(); ++i) {
    if (replaced[i]) continue;
    if (kept != i) members[kept] = std::move(members[i]);
    ++kept;
  }
  members.resize(kept);
}

// Exact, where a conversion of the integer would round.
bool IntEqualsDouble(int64_t integer, double number) {
  if (number < -0x1p63 || number >= 0x1p63) return false;
  return static_cast<int64_t>(number) == integer && std::trunc(number) == number;
}

}  // namespace

struct Value::StringNode : Node {
  explicit StringNode(std::string text) : text(std::move(text)) {}
  const std::string text;
  // SerializedSize, once somebody asked; 0: not yet.
  mutable std::atomic<size_t> serialized_size{0};
};

struct Value::ContainerNode : Node {
  size_t depth = 1;
  mutable std::atomic<size_t> serialized_size{0};  // as of a string
};

struct Value::ArrayNode : ContainerNode {
  explicit ArrayNode(Array array) : items(std::move(array)) {
    for (const Value& item : items) depth = std::max(depth, item.depth() + 1);
  }
  Array items;
};

struct Value::ObjectNode : ContainerNode {
  explicit ObjectNode(Members unique) : members(std::move(unique)) {
    for (const Member& member : members) depth = std::max(depth, member.value.depth() + 1);
  }
  ~ObjectNode() { delete index.load(std::memory_order_relaxed); }

  const Value* Find(std::string_view key) const {
    if (members.size() > kMaxMembersToScan) return Index().Find(key);
    for (const Member& member : members) {
      if (member.key == key) return &member.value;
    }
    return nullptr;
  }

  const MemberIndex& Index() const {
    if (const MemberIndex* known = index.load(std::memory_order_acquire)) return *known;
    auto built = std::make_unique<MemberIndex>(members);
    for (size_t i = 0; i < members.size(); ++i) built->Insert(i);
    MemberIndex* expected = nullptr;
    // Another thread may have been faster; then its index is as good as ours.
    if (index.compare_exchange_strong(expected, built.get(), std::memory_order_acq_rel)) {
      return *built.release();
    }
    return *expected;
  }

  Members members;
  mutable std::atomic<MemberIndex*> index{nullptr};
};

// Frees a deep tree without recursion: takes the children out of each node before it deletes the
// node.
class Value::Graveyard {
 public:
  void Bury(Kind kind, Node* node) {
    dead_.emplace_back(kind, node);
    while (!dead_.empty()) {
      auto [next_kind, next] = dead_.back();
      dead_.pop_back();
      if (next_kind == Kind::kArray) {
        auto* array = static_cast<ArrayNode*>(next);
        for (Value& item : array->items) Detach(item);
        delete array;
      } else {
        auto* object = static_cast<ObjectNode*>(next);
        for (Member& member : object->members) Detach(member.value);
        delete object;
      }
    }
  }

 private:
  void Detach(Value& child) {
    if (!child.IsContainer()) return;
    Node* node = child.as_.node_;
    const Kind kind = std::exchange(child.kind_, Kind::kNull);
    if (node->references.fetch_sub(1, std::memory_order_acq_rel) == 1)
      dead_.emplace_back(kind, node);
  }

  std::vector<std::pair<Kind, Node*>> dead_;
};

void Value::Destroy(Kind kind, Node* node) noexcept {
  if (kind == Kind::kString) {
    delete static_cast<StringNode*>(node);
  } else if (static_cast<ContainerNode*>(node)->depth > kMaxDepthToRecurse) {
    Graveyard().Bury(kind, node);
  } else if (kind == Kind::kArray) {
    delete static_cast<ArrayNode*>(node);
  } else {
    delete static_cast<ObjectNode*>(node);
  }
}

Value::Value(double value) noexcept : kind_(Kind::kDouble) {
  ORDERFLOW_CHECK(std::isfinite(value));
  as_.double_ = value;
}
Value::Value(std::string value) : Value(Kind::kString, new StringNode(std::move(value))) {}
Value::Value(std::string_view value) : Value(std::string(value)) {}
Value::Value(const char* value) : Value(std::string(value)) {}

Value Value::FromArray(Array items) { return Value(Kind::kArray, new ArrayNode(std::move(items))); }

Value Value::FromMembers(Members members) {
  if (members.size() > kMaxMembersToScan) {
    RemoveDuplicatesByHash(members);
  } else {
    RemoveDuplicatesByScan(members);
  }
  return Value(Kind::kObject, new ObjectNode(std::move(members)));
}

Value Value::Object(std::initializer_list<Member> members) { return FromMembers(Members(members)); }
Value Value::List(std::initializer_list<Value> items) { return FromArray(Array(items)); }

const Value::ContainerNode& Value::container() const {
  return *static_cast<const ContainerNode*>(as_.node_);
}
const Value::ObjectNode& Value::object() const {
  return *static_cast<const ObjectNode*>(as_.node_);
}

bool Value::AsBool() const {
  ORDERFLOW_CHECK(IsBool());
  return as_.bool_;
}
int64_t Value::AsInt() const {
  ORDERFLOW_CHECK(IsInt());
  return as_.int_;
}
double Value::AsDouble() const {
  ORDERFLOW_CHECK(IsNumber());
  return IsInt() ? static_cast<double>(as_.int_) : as_.double_;
}
const std::string& Value::AsString() const {
  ORDERFLOW_CHECK(IsString());
  return static_cast<const StringNode*>(as_.node_)->text;
}
const Array& Value::AsArray() const {
  ORDERFLOW_CHECK(IsArray());
  return static_cast<const ArrayNode*>(as_.node_)->items;
}
const Members& Value::AsMembers() const {
  ORDERFLOW_CHECK(IsObject());
  return object().members;
}

const Value* Value::Find(std::string_view key) const {
  return IsObject() ? object().Find(key) : nullptr;
}
const Value* Value::At(size_t index) const {
  return IsArray() && index < AsArray().size() ? &AsArray()[index] : nullptr;
}
size_t Value::size() const {
  if (IsArray()) return AsArray().size();
  return IsObject() ? object().members.size() : 0;
}
size_t Value::depth() const noexcept { return IsContainer() ? container().depth : 0; }

size_t Value::KnownSerializedSize() const noexcept {
  if (!HasNode()) return 0;
  const auto& size = IsString() ? static_cast<const StringNode*>(as_.node_)->serialized_size
                                : container().serialized_size;
  return size.load(std::memory_order_relaxed);
}
void Value::RememberSerializedSize(size_t size) const noexcept {
  if (!HasNode()) return;
  auto& known = IsString() ? static_cast<const StringNode*>(as_.node_)->serialized_size
                           : container().serialized_size;
  known.store(size, std::memory_order_relaxed);
}

Value Value::With(std::string_view key, Value value) const {
  const Members& old = AsMembers();
  const Value* found = Find(key);
  Members members;
  members.reserve(old.size() + (found == nullptr ? 1 : 0));
  for (const Member& member : old) {
    if (&member.value == found) {
      members.push_back({member.key, std::move(value)});
    } else {
      members.push_back(member);
    }
  }
  if (found == nullptr) members.push_back({std::string(key), std::move(value)});
  return Value(Kind::kObject, new ObjectNode(std::move(members)));
}

bool Value::IsSameAs(const Value& other) const noexcept {
  if (kind_ != other.kind_) return false;
  switch (kind_) {
    case Kind::kNull:
      return true;
    case Kind::kBool:
      return as_.bool_ == other.as_.bool_;
    case Kind::kInt:
      return as_.int_ == other.as_.int_;
    case Kind::kDouble:
      return as_.double_ == other.as_.double_;
    case Kind::kString:
    case Kind::kArray:
    case Kind::kObject:
      return as_.node_ == other.as_.node_;
  }
  return false;
}

namespace {

// Pairs that remain to be compared. Comparing goes on until one pair differs or none is left.
using Pairs = absl::InlinedVector<std::pair<const Value*, const Value*>, 32>;

bool ScalarsEqual(const Value& a, const Value& b) {
  if (a.IsInt() && b.IsDouble()) return IntEqualsDouble(a.AsInt(), b.AsDouble());
  if (a.IsDouble() && b.IsInt()) return IntEqualsDouble(b.AsInt(), a.AsDouble());
  if (a.IsString() && b.IsString()) return a.AsString() == b.AsString();
  return a.IsSameAs(b);
}

// Whether arrays or objects have the same shape; appends their children.
bool AppendChildren(const Value& a, const Value& b, Pairs& pairs) {
  if (a.kind() != b.kind() || a.size() != b.size() || a.depth() != b.depth()) return false;
  if (a.IsArray()) {
    for (size_t i = 0; i < a.size(); ++i) pairs.emplace_back(&a.AsArray()[i], &b.AsArray()[i]);
    return true;
  }
  const Members& theirs = b.AsMembers();
  size_t position = 0;
  for (const Member& member : a.AsMembers()) {
    // Mostly the order is the same, too.
    const Member& same_place = theirs[position++];
    const Value* other = same_place.key == member.key ? &same_place.value : b.Find(member.key);
    if (other == nullptr) return false;
    pairs.emplace_back(&member.value, other);
  }
  return true;
}

}  // namespace

bool operator==(const Value& a, const Value& b) {
  Pairs pairs = {{&a, &b}};
  while (!pairs.empty()) {
    auto [left, right] = pairs.back();
    pairs.pop_back();
    if (left->IsSameAs(*right)) continue;
    const bool same = left->depth() > 0 && right->depth() > 0 ? AppendChildren(*left, *right, pairs)
                                                              : ScalarsEqual(*left, *right);
    if (!same) return false;
  }
  return true;
}

}  // namespace orderflow::json
