#pragma once

#include "orchestrator/asl/query_language.h"

namespace orderflow::asl {

// The language's first way to write expressions: InputPath, Parameters, ResultSelector, ResultPath,
// OutputPath, the fields that end in `Path`, intrinsic functions, and the comparisons of Choice
// rules.
class JsonPathLanguage final : public QueryLanguage {
 public:
  std::string_view name() const override { return "JSONPath"; }
  std::unique_ptr<const DataFlow> CompileDataFlow(StateType type,
                                                  ObjectReader& fields) const override;
  std::unique_ptr<const ItemFlow> CompileItemFlow(ObjectReader& fields) const override;
  std::unique_ptr<const CatchOutput> CompileCatchOutput(ObjectReader& catcher) const override;
  std::unique_ptr<const Condition> CompileCondition(ObjectReader& rule) const override;
  std::unique_ptr<const Assignment> CompileAssignment(ObjectReader& fields) const override;
  std::unique_ptr<const Expression> CompileTemplate(std::string_view name,
                                                    ObjectReader& fields) const override;
  std::unique_ptr<const Expression> CompileField(std::string_view name, FieldType type,
                                                 ObjectReader& fields) const override;
};

}  // namespace orderflow::asl
