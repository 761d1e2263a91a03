#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace orderflow::json {

class Value;
struct Member;
using Array = std::vector<Value>;
using Members = std::vector<Member>;

enum class Kind : uint8_t { kNull, kBool, kInt, kDouble, kString, kArray, kObject };

// A JSON value that never changes after it is built, so that states, threads and executions share
// it: a copy is a pointer and an atomic increment, whatever the size. Objects keep the order of
// their members; integers stay integers (64 bit; larger ones become doubles).
//
//   Value order = Value::Object({{"order_id", "12345"}, {"quantity", 1}});
//   Value paid = order.With("payment", charge);   // `order` is as it was; unchanged members are
//   shared order.Find("quantity")->AsInt();              // 1
//
// 16 bytes. Thread-safe, as all values that do not change are. Accessors must match the kind (a
// CHECK says so). Nothing here recurses over the nesting, so that a value of any depth can be
// compared, written and freed; who must recurse asks depth() first.
class Value {
 public:
  Value() noexcept = default;        // null
  Value(std::nullptr_t) noexcept {}  // NOLINT: JSON literals read best unwrapped
  Value(bool value) noexcept : kind_(Kind::kBool) { as_.bool_ = value; }   // NOLINT
  Value(int value) noexcept : Value(int64_t{value}) {}                     // NOLINT
  Value(int64_t value) noexcept : kind_(Kind::kInt) { as_.int_ = value; }  // NOLINT
  Value(double value) noexcept;                                            // NOLINT: must be finite
  Value(std::string value);       // NOLINT: must be UTF-8, like all texts here
  Value(std::string_view value);  // NOLINT
  Value(const char* value);       // NOLINT
  // No other pointer is meant as a bool.
  template <typename T, std::enable_if_t<!std::is_same_v<std::remove_cv_t<T>, char>, int> = 0>
  Value(T*) = delete;  // NOLINT
  static Value FromArray(Array items);
  // Later members with a known key replace earlier ones' values in place. Linear in the number of
  // members.
  static Value FromMembers(Members members);
  static Value Object(std::initializer_list<Member> members);
  static Value List(std::initializer_list<Value> items);

  Value(const Value& other) noexcept : kind_(other.kind_), as_(other.as_) {
    // Whoever copies holds a reference already, so that nothing needs to be ordered.
    if (HasNode()) as_.node_->references.fetch_add(1, std::memory_order_relaxed);
  }
  Value(Value&& other) noexcept : kind_(other.kind_), as_(other.as_) { other.kind_ = Kind::kNull; }
  Value& operator=(const Value& other) noexcept {
    Value copy(other);
    swap(copy);
    return *this;
  }
  Value& operator=(Value&& other) noexcept {
    Value taken(std::move(other));
    swap(taken);
    return *this;
  }
  ~Value() {
    if (HasNode()) Release(kind_, as_.node_);
  }
  void swap(Value& other) noexcept {
    std::swap(kind_, other.kind_);
    std::swap(as_, other.as_);
  }

  Kind kind() const noexcept { return kind_; }
  bool IsNull() const noexcept { return kind_ == Kind::kNull; }
  bool IsBool() const noexcept { return kind_ == Kind::kBool; }
  bool IsInt() const noexcept { return kind_ == Kind::kInt; }
  bool IsDouble() const noexcept { return kind_ == Kind::kDouble; }
  bool IsNumber() const noexcept { return IsInt() || IsDouble(); }
  bool IsString() const noexcept { return kind_ == Kind::kString; }
  bool IsArray() const noexcept { return kind_ == Kind::kArray; }
  bool IsObject() const noexcept { return kind_ == Kind::kObject; }

  bool AsBool() const;
  int64_t AsInt() const;
  double AsDouble() const;  // also of an integer
  const std::string& AsString() const;
  const Array& AsArray() const;
  const Members& AsMembers() const;

  // The member's value, or nullptr where this is no object or has no such member. Constant time for
  // large objects after the first look-up, linear for small ones.
  const Value* Find(std::string_view key) const;
  // The item, or nullptr where this is no array or is shorter.
  const Value* At(size_t index) const;
  // Items of an array, members of an object, 0 otherwise.
  size_t size() const;
  // How deep arrays and objects are nested: 0 for a scalar, 1 for [] and [1], 2 for [{}]. Constant
  // time.
  size_t depth() const noexcept;

  // This object with one member set or added; shares all others. Must be an object.
  Value With(std::string_view key, Value value) const;

  // Deep equality; 1 equals 1.0; the order of members does not matter.
  friend bool operator==(const Value& a, const Value& b);

  // Whether both are the very same shared node (or equal scalars): a cheap test for "unchanged".
  bool IsSameAs(const Value& other) const noexcept;

 private:
  // What strings, arrays and objects share; the rest of a node is known to value.cc only.
  struct Node {
    std::atomic<uint32_t> references{1};
  };
  struct StringNode;
  struct ContainerNode;
  struct ArrayNode;
  struct ObjectNode;
  class Graveyard;
  friend size_t SerializedSize(const Value& value);

  Value(Kind kind, Node* node) noexcept : kind_(kind) { as_.node_ = node; }
  bool HasNode() const noexcept { return kind_ >= Kind::kString; }
  // Of a string, array or object; 0: not yet known.
  size_t KnownSerializedSize() const noexcept;
  void RememberSerializedSize(size_t size) const noexcept;
  bool IsContainer() const noexcept { return kind_ >= Kind::kArray; }
  const ContainerNode& container() const;
  const ObjectNode& object() const;
  static void Release(Kind kind, Node* node) noexcept {
    if (node->references.fetch_sub(1, std::memory_order_acq_rel) == 1) Destroy(kind, node);
  }
  static void Destroy(Kind kind, Node* node) noexcept;

  Kind kind_ = Kind::kNull;
  union {
    bool bool_;
    int64_t int_;
    double double_;
    Node* node_;
  } as_ = {.int_ = 0};
};

struct Member {
  std::string key;
  Value value;
};

// What is wrong with a text, and where.
struct ParseError {
  std::string message;  // such as "expected ',' or '}'"
  size_t offset = 0;    // in bytes from the start
  int line = 1;
  int column = 1;  // in bytes, from 1
};

struct ParseLimits {
  size_t max_bytes = 16 << 20;
  int max_depth = 128;  // arrays and objects within each other
};

// Parses one JSON text (RFC 8259, UTF-8, nothing after it but white space). Of members with the
// same name the last one counts. Integers beyond 64 bit become doubles; what is no finite double is
// an error. Exactly one of the two results is set.
struct ParseResult {
  std::optional<Value> value;
  std::optional<ParseError> error;
};
ParseResult Parse(std::string_view text, const ParseLimits& limits = {});

// Compact JSON text, without white space; non-ASCII characters are written as they are.
std::string Serialize(const Value& value);
void AppendSerialized(const Value& value, std::string& out);
// The length of Serialize(value), without building it; SIZE_MAX at most. Remembered, so that asking
// again, or for a value that shares most of its parts with a known one, costs little.
size_t SerializedSize(const Value& value);
// Indented by two spaces, for people.
std::string SerializePretty(const Value& value);
// The one way a double is written: the fewest digits that read back as the same number, with an
// exponent below 1e-6 and from 1e21 on; 3.0 is "3.0", so that a double stays one.
void AppendDouble(double value, std::string& out);
// Whether a text may stand in a value: what comes from elsewhere than Parse must be asked.
bool IsUtf8(std::string_view text);
// A JSON string literal with its quotes. `text` must be UTF-8.
void AppendQuoted(std::string_view text, std::string& out);

}  // namespace orderflow::json
