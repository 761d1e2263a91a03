#include "orchestrator/typecheck/type.h"

#include <array>

namespace orderflow::typecheck {
namespace {

using Kind = Type::Kind;

// Joining goes no deeper, so that it ends for recursive types, too.
constexpr int kMaxJoinDepth = 8;

constexpr size_t kKinds = static_cast<size_t>(Kind::kObject) + 1;

}  // namespace

const Type* Type::Find(std::string_view wanted) const {
  for (const Member& member : members) {
    if (member.name == wanted) return member.type;
  }
  return nullptr;
}

const Type* AnyType() { return PlainType(Kind::kAny); }

const Type* PlainType(Kind kind) {
  static const std::array<Type, kKinds>& types = *[] {
    auto* all = new std::array<Type, kKinds>();
    for (size_t i = 0; i < kKinds; ++i) (*all)[i].kind = static_cast<Kind>(i);
    (*all)[static_cast<size_t>(Kind::kList)].item = all->data();
    (*all)[static_cast<size_t>(Kind::kMap)].item = all->data();
    (*all)[static_cast<size_t>(Kind::kObject)].open = true;
    return all;
  }();
  return &types[static_cast<size_t>(kind)];
}

std::string Describe(const Type& type) {
  if (!type.name.empty()) return std::string(type.name);
  switch (type.kind) {
    case Kind::kAny:
      return "any value";
    case Kind::kNull:
      return "null";
    case Kind::kBool:
      return "a boolean";
    case Kind::kInteger:
      return "an integer";
    case Kind::kNumber:
      return "a number";
    case Kind::kText:
      return "a string";
    case Kind::kBytes:
      return "base64 text";
    case Kind::kTime:
      return "a timestamp";
    case Kind::kDuration:
      return "a duration";
    case Kind::kEnum:
      return "the name of a value";
    case Kind::kList:
      return "an array";
    case Kind::kMap:
    case Kind::kObject:
      return "an object";
  }
  return "a value";
}

const Type* TypeArena::Keep(Type type) {
  parts_ += 1 + type.members.size();
  if (parts_ > kMaxParts || type.members.size() > kMaxMembers) return AnyType();
  return &types_.emplace_back(std::move(type));
}

const Type* TypeArena::List(const Type* item) {
  if (item == AnyType()) return PlainType(Kind::kList);
  return Keep(Type{.kind = Kind::kList, .name = {}, .members = {}, .values = {}, .item = item});
}

const Type* TypeArena::Object(std::vector<Type::Member> members, bool open) {
  return Keep(Type{.kind = Kind::kObject,
                   .open = open,
                   .name = {},
                   .members = std::move(members),
                   .values = {}});
}

// The depth of recursion is that of the definition's JSON text, which the JSON parser bounds.
const Type* TypeArena::Of(const json::Value& value) {
  switch (value.kind()) {
    case json::Kind::kNull:
      return PlainType(Kind::kNull);
    case json::Kind::kBool:
      return PlainType(Kind::kBool);
    case json::Kind::kInt:
      return PlainType(Kind::kInteger);
    case json::Kind::kDouble:
      return PlainType(Kind::kNumber);
    case json::Kind::kString:
      return PlainType(Kind::kText);
    case json::Kind::kArray: {
      const Type* item = nullptr;
      for (const json::Value& each : value.AsArray())
        item = item == nullptr ? Of(each) : Join(item, Of(each));
      return List(item == nullptr ? AnyType() : item);
    }
    case json::Kind::kObject: {
      std::vector<Type::Member> members;
      for (const json::Member& member : value.AsMembers())
        members.push_back({.name = member.key, .other_name = {}, .type = Of(member.value)});
      return Object(std::move(members), /*open=*/false);
    }
  }
  return AnyType();
}

const Type* TypeArena::Join(const Type* a, const Type* b, int depth) {
  if (a == b) return a;
  ++parts_;
  if (a->kind == Kind::kAny || b->kind == Kind::kAny || depth == kMaxJoinDepth ||
      parts_ > kMaxParts)
    return AnyType();
  if (a->kind != b->kind) {
    const bool numbers = (a->kind == Kind::kInteger && b->kind == Kind::kNumber) ||
                         (a->kind == Kind::kNumber && b->kind == Kind::kInteger);
    return numbers ? PlainType(Kind::kNumber) : AnyType();
  }
  switch (a->kind) {
    case Kind::kList:
    case Kind::kMap: {
      const Type* item = Join(a->item, b->item, depth + 1);
      if (item == a->item) return a;
      if (a->kind == Kind::kList) return List(item);
      return Keep(Type{.kind = a->kind, .name = {}, .members = {}, .values = {}, .item = item});
    }
    case Kind::kObject:
      return JoinObjects(a, b, depth);
    case Kind::kEnum:
      return a->values == b->values ? a : AnyType();
    case Kind::kInteger:
      if (a->min <= b->min && a->max >= b->max) return a;
      return PlainType(a->max > INT64_MAX || b->max > INT64_MAX ? Kind::kAny : Kind::kInteger);
    default:
      return a;
  }
}

const Type* TypeArena::JoinObjects(const Type* a, const Type* b, int depth) {
  // A member that only the one names may be anything in the other, if that is open.
  bool same = a->open || !b->open;
  std::vector<Type::Member> members;
  members.reserve(a->members.size());
  for (const Type::Member& member : a->members) {
    const Type* other = b->Find(member.name);
    const Type* joined = other != nullptr ? Join(member.type, other, depth + 1)
                         : b->open        ? AnyType()
                                          : member.type;
    same = same && joined == member.type;
    members.push_back({.name = member.name, .other_name = {}, .type = joined});
  }
  for (const Type::Member& member : b->members) {
    if (a->Find(member.name) != nullptr || a->open) continue;
    same = false;
    members.push_back({.name = member.name, .other_name = {}, .type = member.type});
  }
  if (same) return a;
  return Object(std::move(members), a->open || b->open);
}

const Type* TypeArena::With(const Type* type, std::string_view name, const Type* member) {
  if (type->kind == Kind::kMap || type->kind == Kind::kAny) type = PlainType(Kind::kObject);
  if (type->kind != Kind::kObject) return AnyType();
  std::vector<Type::Member> members;
  members.reserve(type->members.size() + 1);
  for (const Type::Member& each : type->members) {
    if (each.name != name)
      members.push_back({.name = each.name, .other_name = {}, .type = each.type});
  }
  members.push_back({.name = name, .other_name = {}, .type = member});
  return Object(std::move(members), type->open);
}

}  // namespace orderflow::typecheck
