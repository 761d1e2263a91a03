#include "services/receive/receive_core.h"

#include <utility>

#include "common/base/status.h"

namespace orderflow::receive {

absl::StatusOr<std::unique_ptr<ReceiveCore>> ReceiveCore::Open(ReceiveOptions options) {
  ORDERFLOW_ASSIGN_OR_RETURN(auto database, database::Database::Open(std::move(options.database),
                                                                     ReceiveStore::Migrations()));
  return std::unique_ptr<ReceiveCore>(new ReceiveCore(std::move(database), *options.clock));
}

}  // namespace orderflow::receive
