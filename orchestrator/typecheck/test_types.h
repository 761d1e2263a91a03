#pragma once

#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "gtest/gtest.h"
#include "orchestrator/asl/state_machine.h"
#include "orchestrator/typecheck/type_check.h"

namespace orderflow::typecheck {

// Types written by hand are kept for the whole process.
inline const Type* Keep(Type type) {
  static auto& kept = *new std::deque<Type>();
  return &kept.emplace_back(std::move(type));
}

inline const Type* Message(std::string_view name, std::vector<Type::Member> members) {
  Type type;
  type.kind = Type::Kind::kObject;
  type.name = name;
  type.members = std::move(members);
  return Keep(std::move(type));
}

inline Type::Member Field(std::string_view name, const Type* type,
                          std::string_view other_name = {}) {
  return {.name = name, .other_name = other_name, .type = type};
}
inline Type::Member Field(std::string_view name, Type::Kind kind,
                          std::string_view other_name = {}) {
  return Field(name, PlainType(kind), other_name);
}

inline const Type* ListOf(const Type* item) {
  Type type;
  type.kind = Type::Kind::kList;
  type.item = item;
  return Keep(std::move(type));
}

inline const Type* Int32() {
  Type type;
  type.kind = Type::Kind::kInteger;
  type.min = INT32_MIN;
  type.max = INT32_MAX;
  return Keep(std::move(type));
}

inline const Type* EnumOf(std::string_view name, std::vector<std::string_view> values) {
  Type type;
  type.kind = Type::Kind::kEnum;
  type.name = name;
  type.values = std::move(values);
  return Keep(std::move(type));
}

// A shop: "shop:charge" and "shop:find", and "shop:gone", which is not there.
inline const ResourceTypes& Shop() {
  using Kind = Type::Kind;
  static const ResourceTypes& shop = *[] {
    const Type* item = Message("shop.Item", {Field("sku", Kind::kText), Field("count", Int32())});
    const Type* color = EnumOf("shop.Color", {"RED", "GREEN"});
    auto* tree = const_cast<Type*>(Message("shop.Tree", {}));
    tree->members = {Field("value", Kind::kText), Field("left", tree), Field("right", tree)};
    auto* all = new ResourceTypes();
    all->emplace(
        "shop:charge",
        TaskTypes{.request = Message(
                      "shop.ChargeRequest",
                      {Field("order_id", Kind::kText, "orderId"), Field("amount", Int32()),
                       Field("color", color), Field("at", Kind::kTime), Field("first", item),
                       Field("items", ListOf(item)), Field("labels", Kind::kMap)}),
                  .response =
                      Message("shop.Charged", {Field("payment_status", Kind::kText),
                                               Field("amount", Int32()), Field("color", color),
                                               Field("items", ListOf(item)), Field("tree", tree)}),
                  .owner = nullptr});
    all->emplace("shop:find",
                 TaskTypes{.request = Message("shop.FindRequest", {Field("amount", Kind::kText)}),
                           .response = Message("shop.Found", {Field("stock", Int32())}),
                           .owner = nullptr});
    all->emplace("shop:gone", absl::UnimplementedError("shop has no method gone"));
    all->emplace("shop:asleep", absl::UnavailableError("cannot ask the shop"));
    return all;
  }();
  return shop;
}

// What Check finds in a definition, one "location CODE: message (hint)" each.
inline std::vector<std::string> Find(std::string_view definition) {
  const asl::ParsedDefinition parsed = asl::ParseStateMachine(
      definition, {.substitute = {}, .check_resource = {}, .distributed_maps = true});
  EXPECT_NE(parsed.machine, nullptr) << asl::FormatDiagnostics(parsed.diagnostics);
  std::vector<std::string> found;
  if (parsed.machine == nullptr) return found;
  for (const asl::Diagnostic& each : Check(*parsed.machine, Shop())) {
    EXPECT_EQ(each.severity, asl::Diagnostic::Severity::kWarning);
    found.push_back(each.location + " " + each.code + ": " + each.message +
                    (each.hint.empty() ? "" : " (" + each.hint + ")"));
  }
  return found;
}

}  // namespace orderflow::typecheck
