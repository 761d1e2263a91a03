#include "orchestrator/typecheck/path_type.h"

#include <vector>

#include "absl/container/flat_hash_map.h"
#include "common/base/nearest_word.h"
#include "orchestrator/asl/path_filter.h"

namespace orderflow::typecheck {
namespace {

using Kind = Type::Kind;
using Step = asl::Path::Step;

// Goes down a type as a path goes down a value.
class Walk {
 public:
  Walk(const asl::Path& path, const Roots& roots, TypeArena& types)
      : path_(path), roots_(roots), types_(types), place_(path.text().substr(0, 1)) {}

  PathType Run() {
    at_ = path_.from_context() ? AnyType() : roots_.input;
    if (!path_.variable().empty()) EnterVariable();
    for (const Step& step : path_.steps()) {
      if (dead_end_.has_value() || at_ == AnyType()) break;
      Take(step);
    }
    if (dead_end_.has_value()) return {.type = AnyType(), .dead_end = std::move(dead_end_)};
    return {.type = path_.is_definite() ? at_ : types_.List(at_), .dead_end = {}};
  }

 private:
  void EnterVariable() {
    const std::string& name = path_.variable();
    at_ = Member(*roots_.variables, name);
    if (at_ == nullptr) {
      Fail("no state before has assigned a variable '" + name + "'",
           HintFor(name, *roots_.variables));
    }
    place_ = "$" + name;
  }

  // The type of a member; nullptr where there can be none.
  static const Type* Member(const Type& type, std::string_view name) {
    if (type.kind == Kind::kAny) return AnyType();
    if (type.kind == Kind::kMap) return type.item;
    if (type.kind != Kind::kObject) return nullptr;
    const Type* member = type.Find(name);
    return member == nullptr && type.open ? AnyType() : member;
  }

  void Take(const Step& step) {
    if (step.descend) {
      at_ = AnyType();
      return;
    }
    switch (step.kind) {
      case Step::Kind::kName:
        return TakeName(step.name);
      case Step::Kind::kNames:
        at_ = at_->kind == Kind::kObject || at_->kind == Kind::kMap ? PlainType(Kind::kObject)
                                                                    : AnyType();
        return;
      case Step::Kind::kIndex:
      case Step::Kind::kIndexes:
      case Step::Kind::kSlice:
        if (at_->kind != Kind::kList) return Fail("is no array");
        place_ += "[" + (step.kind == Step::Kind::kIndex ? std::to_string(step.index) : "") + "]";
        at_ = at_->item;
        return;
      case Step::Kind::kWildcard:
        at_ = at_->kind == Kind::kList || at_->kind == Kind::kMap ? at_->item : AnyType();
        place_ += "[*]";
        return;
      case Step::Kind::kFilter:
        // Of an object, it asks the object itself.
        if (at_->kind == Kind::kList) at_ = at_->item;
        place_ += "[?]";
        return CheckFilter(*step.filter);
    }
  }

  // A comparison with what an item cannot have never holds. (To ask whether it is there is no
  // mistake.) Filters nest as deep as their parser lets them.
  void CheckFilter(const asl::PathFilter& filter) {
    for (const asl::PathFilter& child : filter.children) CheckFilter(child);
    if (!filter.children.empty() || filter.op == asl::PathFilter::Op::kExists) return;
    for (const asl::PathFilter::Operand* operand : {&filter.left, &filter.right}) {
      if (operand->path == nullptr || !operand->from_item) continue;
      PathType found =
          Walk(*operand->path, {.input = at_, .variables = roots_.variables}, types_).Run();
      if (found.dead_end.has_value()) dead_end_ = std::move(found.dead_end);
    }
  }

  void TakeName(const std::string& name) {
    const Type* member = Member(*at_, name);
    if (member == nullptr) {
      if (at_->kind != Kind::kObject) return Fail("is " + Describe(*at_) + " and has no members");
      return Fail("has no member '" + name + "'", HintFor(name, *at_), /*tell_type=*/true);
    }
    at_ = member;
    place_ += "." + name;
  }

  static std::string HintFor(const std::string& wanted, const Type& type) {
    std::vector<std::string> names;
    for (const Type::Member& member : type.members) names.emplace_back(member.name);
    return typecheck::HintFor(wanted, names);
  }

  void Fail(const std::string& problem, std::string hint = "", bool tell_type = false) {
    std::string message = "The path '" + path_.text() + "' can never lead anywhere: ";
    if (at_ != nullptr) message += "'" + place_ + "' ";
    if (tell_type && !at_->name.empty()) message += "is " + std::string(at_->name) + ", which ";
    dead_end_ = DeadEnd{.message = message + problem, .hint = std::move(hint)};
  }

  const asl::Path& path_;
  const Roots& roots_;
  TypeArena& types_;
  const Type* at_ = nullptr;
  std::string place_;  // where we are, for people
  std::optional<DeadEnd> dead_end_;
};

// What each intrinsic function answers where that does not depend on its arguments.
Kind KindOfAnswer(std::string_view function) {
  static const absl::flat_hash_map<std::string_view, Kind>& kinds =
      *new absl::flat_hash_map<std::string_view, Kind>({
          {"States.Array", Kind::kList},
          {"States.ArrayContains", Kind::kBool},
          {"States.ArrayLength", Kind::kInteger},
          {"States.ArrayPartition", Kind::kList},
          {"States.ArrayRange", Kind::kList},
          {"States.ArrayUnique", Kind::kList},
          {"States.Base64Decode", Kind::kText},
          {"States.Base64Encode", Kind::kText},
          {"States.Format", Kind::kText},
          {"States.Hash", Kind::kText},
          {"States.JsonMerge", Kind::kObject},
          {"States.JsonToString", Kind::kText},
          {"States.MathAdd", Kind::kInteger},
          {"States.MathRandom", Kind::kInteger},
          {"States.StringSplit", Kind::kList},
          {"States.UUID", Kind::kText},
      });
  const auto found = kinds.find(function);
  return found == kinds.end() ? Kind::kAny : found->second;
}

}  // namespace

PathType TypeOfPath(const asl::Path& path, const Roots& roots, TypeArena& types) {
  return Walk(path, roots, types).Run();
}

const Type* TypeOfExpression(const asl::PathExpression& expression, const Roots& roots,
                             TypeArena& types) {
  if (expression.call() != nullptr) return PlainType(KindOfAnswer(expression.call()->name()));
  return TypeOfPath(*expression.path(), roots, types).type;
}

std::string HintFor(std::string_view wanted, const std::vector<std::string>& names) {
  if (const std::optional<std::string> nearest = NearestWord(wanted, names))
    return "did you mean '" + *nearest + "'?";
  constexpr size_t kMaxShown = 12;
  std::string hint;
  for (size_t i = 0; i < names.size(); ++i) {
    if (i == kMaxShown) return hint + ", ...";
    hint += (i == 0 ? "there is '" : ", '") + names[i] + "'";
  }
  return hint;
}

}  // namespace orderflow::typecheck
