#include "orchestrator/asl/result_schema.h"

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "common/base/check.h"

namespace orderflow::asl {
namespace {

using json::Value;

double Characters(std::string_view utf8) {
  double count = 0;
  for (const char c : utf8) count += (static_cast<unsigned char>(c) & 0xc0) != 0x80 ? 1 : 0;
  return count;
}

// Goes through a schema and a value side by side; a part without a value is only read over. Schemas
// are ours, so that one that cannot be read is a mistake of ours. Recurses as deep as the value
// nests, which the JSON parser bounds.
class Check {
 public:
  Check(std::string_view schema, bool with_required)
      : schema_(schema), with_required_(with_required) {}

  std::optional<std::string> Run(std::string_view field, const Value& value) {
    Next(field, &value);
    return std::move(problem_);
  }

 private:
  char Peek() const { return at_ < schema_.size() ? schema_[at_] : '\0'; }
  bool Take(char c) {
    if (Peek() != c) return false;
    ++at_;
    return true;
  }
  std::string_view TakeUntil(std::string_view ends) {
    const size_t begin = at_;
    at_ = schema_.find_first_of(ends, begin);
    ORDERFLOW_CHECK(at_ != std::string_view::npos);
    return schema_.substr(begin, at_ - begin);
  }

  void Report(std::string message) {
    if (!problem_.has_value()) problem_ = std::move(message);
  }
  void ReportField(std::string_view field, std::string_view what) {
    Report(field.empty() ? "The result " + std::string(what)
                         : "Field '" + std::string(field) + "' " + std::string(what));
  }

  void Next(std::string_view field, const Value* value) {
    if (problem_.has_value() || (value != nullptr && value->IsNull())) value = nullptr;
    const char kind = Peek();
    ++at_;
    switch (kind) {
      case '*':
        return;
      case 's':
        return Text(field, value);
      case 'n':
        return Number(field, value);
      case 'b':
        if (value != nullptr && !value->IsBool()) ReportField(field, "must be a boolean");
        return;
      case 'e':
        return Enum(field, value);
      case '[':
        return List(field, value);
      case '<':
        return Map(field, value);
      case '{':
        return Object(field, value);
      case '@':
        return Named(field, value);
      default:
        ORDERFLOW_CHECK(false);
    }
  }

  struct Range {
    std::optional<double> min, max;
  };
  Range TakeRange() {
    Range range;
    if (!Take('(')) return range;
    const std::string min(TakeUntil(","));
    ++at_;
    const std::string max(TakeUntil(")"));
    ++at_;
    if (!min.empty()) range.min = std::strtod(min.c_str(), nullptr);
    if (!max.empty()) range.max = std::strtod(max.c_str(), nullptr);
    return range;
  }

  void Text(std::string_view field, const Value* value) {
    const Range length = TakeRange();
    if (value == nullptr) return;
    if (!value->IsString()) return ReportField(field, "must be a string");
    const double characters = Characters(value->AsString());
    if (length.min.has_value() && characters < *length.min)
      ReportField(field, "is smaller than the minimum length");
    if (length.max.has_value() && characters > *length.max)
      ReportField(field, "is larger than the maximum length");
  }

  void Number(std::string_view field, const Value* value) {
    const Range range = TakeRange();
    if (value == nullptr) return;
    if (!value->IsNumber()) return ReportField(field, "must be a number");
    if (range.min.has_value() && value->AsDouble() < *range.min)
      ReportField(field, "is less than the minimum value");
    if (range.max.has_value() && value->AsDouble() > *range.max)
      ReportField(field, "is greater than the maximum value");
  }

  void Enum(std::string_view field, const Value* value) {
    ORDERFLOW_CHECK(Take('('));
    if (value != nullptr && !value->IsString()) ReportField(field, "must be a string");
    bool known = value == nullptr || !value->IsString();
    do {
      const std::string_view name = TakeUntil("|)");
      known = known || name == value->AsString();
    } while (Take('|'));
    ++at_;
    if (!known) ReportField(field, "is not an expected value");
  }

  void List(std::string_view field, const Value* value) {
    const size_t element = at_;
    if (value != nullptr && !value->IsArray()) {
      ReportField(field, "must be an array");
    } else if (value != nullptr) {
      for (const Value& item : value->AsArray()) {
        at_ = element;
        Next(field, &item);
      }
    }
    at_ = element;
    Next(field, nullptr);
    ORDERFLOW_CHECK(Take(']'));
  }

  void Map(std::string_view field, const Value* value) {
    const size_t element = at_;
    if (value != nullptr && !value->IsObject()) {
      ReportField(field, "must be an object");
    } else if (value != nullptr) {
      for (const json::Member& member : value->AsMembers()) {
        at_ = element;
        Next(member.key, &member.value);
      }
    }
    at_ = element;
    Next(field, nullptr);
    ORDERFLOW_CHECK(Take('>'));
  }

  void Object(std::string_view field, const Value* value) {
    if (value != nullptr && !value->IsObject()) {
      ReportField(field, "must be an object");
      value = nullptr;
    }
    while (!Take('}')) {
      Take(',');
      const std::string_view name = TakeUntil("!:");
      const bool required = Take('!');
      ORDERFLOW_CHECK(Take(':'));
      const Value* member = value == nullptr ? nullptr : value->Find(name);
      if (value != nullptr && member == nullptr && required && with_required_)
        Report("Required field '" + std::string(name) + "' is missing");
      Next(name, member);
    }
  }

  // Another schema by its name; what ends it is not part of one.
  void Named(std::string_view field, const Value* value) {
    const size_t begin = at_;
    at_ = std::min(schema_.find_first_of(",}]>", begin), schema_.size());
    if (value == nullptr) return;
    const std::string_view schema = FindServiceResult(schema_.substr(begin, at_ - begin));
    ORDERFLOW_CHECK(!schema.empty());
    if (std::optional<std::string> problem = Check(schema, with_required_).Run(field, *value))
      Report(*std::move(problem));
  }

  const std::string_view schema_;
  const bool with_required_;
  size_t at_ = 0;
  std::optional<std::string> problem_;  // the first one
};

}  // namespace

std::optional<std::string> CheckAgainstSchema(std::string_view schema, const Value& result,
                                              bool with_required) {
  return Check(schema, with_required).Run("", result);
}

std::optional<std::string> CheckServiceResult(const Resource& resource, const Value& result,
                                              bool with_required) {
  std::string name = resource.type + ":" + resource.action;
  std::string_view schema = FindServiceResult(name);
  // The same operation, called by its optimized integration or by the SDK, answers the same.
  constexpr std::string_view kSdk = "aws-sdk:";
  if (schema.empty() && name.substr(0, kSdk.size()) == kSdk)
    schema = FindServiceResult(std::string_view(name).substr(kSdk.size()));
  if (schema.empty()) return std::nullopt;
  return CheckAgainstSchema(schema, result, with_required);
}

}  // namespace orderflow::asl
