#pragma once

#include <string>
#include <vector>

#include "common/database/database.h"
#include "common/database/database_url.h"

namespace orderflow::store {

// The store's tables, in the words of one database.
//
//   executions           what Start wrote; never changed, so that a busy store appends and does not
//   rewrite
//   running_executions   the keys of those that have no end yet: small, read by recovery
//   execution_ends       how the others ended (a redrive takes the row back); its indexes serve the
//   lists by status and by error execution_redrives   how often and when last an execution was
//   redriven, if it was journal              every input after the start child_executions     what
//   an execution is to another one that has started it map_runs             whose the map runs of
//   EXPRESS children are state_machines       one row per name ever used; points to its current
//   revision state_machine_revisions  what a revision says, kept for ever state_machine_versions,
//   state_machine_aliases  numbers and names that lead to revisions store_counters       the last
//   number given to a machine and to a revision
class Schema {
 public:
  explicit Schema(database::Backend backend);

  // Borrows from this.
  std::vector<database::Migration> migrations() const;

 private:
  std::vector<std::string> steps_;
};

}  // namespace orderflow::store
