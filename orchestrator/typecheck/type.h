#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "common/json/value.h"

namespace orderflow::typecheck {

// What is known of a JSON value before there is one: the message that a method takes or answers, or
// what a state is given. A type stands for all values that it may be, so that less knowledge is
// always right: `kAny` is every value. Types may be recursive. They do not change, and live in a
// TypeArena; names are views of texts that must outlive it (a definition, a descriptor).
struct Type {
  enum class Kind : uint8_t {
    kAny,
    kNull,
    kBool,
    kInteger,  // from `min` to `max`
    kNumber,
    kText,
    kBytes,     // a text: base64
    kTime,      // a text: RFC 3339; taken as a number of seconds as well
    kDuration,  // a text: "3.5s"
    kEnum,      // a text: one of `values`; or a number
    kList,      // of `item`
    kMap,       // an object with any members, each `item`
    kObject,    // an object with `members`, and others if it is `open`
  };
  struct Member {
    std::string_view name;
    std::string_view other_name;  // also taken where the value is given by us; may be empty
    const Type* type = nullptr;
  };

  // nullptr where there is none of this name.
  const Type* Find(std::string_view name) const;

  Kind kind = Kind::kAny;
  bool open = false;
  std::string_view name;  // of a message or enumeration; empty for what has none
  std::vector<Member> members;
  std::vector<std::string_view> values;
  const Type* item = nullptr;
  int64_t min = INT64_MIN;
  uint64_t max = INT64_MAX;
};

// The type of every value, and those that need no more than a kind; they live for ever.
const Type* AnyType();
const Type* PlainType(Type::Kind kind);

// "a string", "orderflow.payment.v1.ChargePaymentResponse", "an object".
std::string Describe(const Type& type);

// Owns types that are made on the way, in bounded number and size: beyond that, what is asked for
// is AnyType(). One thread only.
class TypeArena {
 public:
  static constexpr size_t kMaxMembers = 64;  // of one object that is made here
  static constexpr size_t kMaxParts = 1'000'000;

  const Type* List(const Type* item);
  const Type* Object(std::vector<Type::Member> members, bool open);
  // What a literal is.
  const Type* Of(const json::Value& value);

  // The smallest type that we can say which has all values of both; `a` itself if it is that.
  const Type* Join(const Type* a, const Type* b) { return Join(a, b, 0); }
  // `type` with a member added or replaced, an object made where there is none.
  const Type* With(const Type* type, std::string_view name, const Type* member);

 private:
  const Type* Keep(Type type);
  const Type* Join(const Type* a, const Type* b, int depth);
  const Type* JoinObjects(const Type* a, const Type* b, int depth);

  std::deque<Type> types_;
  size_t parts_ = 0;
};

}  // namespace orderflow::typecheck
