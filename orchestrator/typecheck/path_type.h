#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "orchestrator/asl/path.h"
#include "orchestrator/asl/path_expression.h"
#include "orchestrator/typecheck/type.h"

namespace orderflow::typecheck {

// What the expressions of a state may name.
struct Roots {
  const Type* input = AnyType();      // `$`
  const Type* variables = AnyType();  // `$name`: an object with a member for each
};

// Why a path can lead nowhere, whatever the data.
struct DeadEnd {
  std::string message;
  std::string hint;
};

// The type of what a path selects, or that it cannot select anything.
struct PathType {
  const Type* type = AnyType();
  std::optional<DeadEnd> dead_end = {};
};
PathType TypeOfPath(const asl::Path& path, const Roots& roots, TypeArena& types);

// The type of what a path selects or a call answers; dead ends are no concern of this.
const Type* TypeOfExpression(const asl::PathExpression& expression, const Roots& roots,
                             TypeArena& types);

// "did you mean 'payment_status'?", or which names there are, or nothing where there are none.
std::string HintFor(std::string_view wanted, const std::vector<std::string>& names);

}  // namespace orderflow::typecheck
