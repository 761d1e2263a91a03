#include "orchestrator/tasks/definition_check.h"

#include <cstddef>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "common/base/mutex.h"
#include "orchestrator/typecheck/type_check.h"

namespace orderflow::tasks {
namespace {

// More are not asked about: a definition must not make us connect to any number of servers.
constexpr size_t kMaxResources = 200;

// The answers that have come so far. Shared by the callbacks; the last one goes on.
class Question {
 public:
  Question(std::shared_ptr<const asl::StateMachine> machine, size_t answers, TypesChecked done)
      : machine_(std::move(machine)), missing_(answers), done_(std::move(done)) {}

  void Answer(const std::string& resource,
              absl::StatusOr<std::optional<typecheck::TaskTypes>> answer) {
    {
      MutexLock lock(mutex_);
      if (!answer.ok()) {
        types_.emplace(resource, answer.status());
      } else if (answer->has_value()) {
        types_.emplace(resource, **std::move(answer));
      }
      if (--missing_ > 0) return;
    }
    // The last: nobody else is here any more.
    Finish();
  }

 private:
  void Finish() {
    typecheck::ResourceTypes types;
    {
      MutexLock lock(mutex_);
      types = std::move(types_);
    }
    std::move(done_)(typecheck::Check(*machine_, types));
  }

  const std::shared_ptr<const asl::StateMachine> machine_;
  Mutex mutex_;
  typecheck::ResourceTypes types_ ABSL_GUARDED_BY(mutex_);
  size_t missing_ ABSL_GUARDED_BY(mutex_);
  TypesChecked done_;
};

}  // namespace

void CheckTypes(std::shared_ptr<const asl::StateMachine> machine, TaskRunner& runner,
                TypesChecked done) {
  const std::vector<std::string> resources = typecheck::ResourcesOf(*machine);
  if (resources.empty()) return std::move(done)(typecheck::Check(*machine, {}));
  auto question = std::make_shared<Question>(std::move(machine), resources.size(), std::move(done));
  for (size_t i = 0; i < resources.size(); ++i) {
    const std::string& resource = resources[i];
    if (i >= kMaxResources) {
      question->Answer(resource, absl::ResourceExhaustedError(
                                     absl::StrCat("the definition names more than ", kMaxResources,
                                                  " resources; the others are not asked about")));
      continue;
    }
    runner.FindTypes(
        resource, [question, resource](absl::StatusOr<std::optional<typecheck::TaskTypes>> answer) {
          question->Answer(resource, std::move(answer));
        });
  }
}

}  // namespace orderflow::tasks
