// Runs the engine's own shards in virtual time against a store and services that fail, stall and
// answer in any order, kills it at random moments and starts it again: thousands of courses of
// events, each repeatable by its seed.

#include <cstdlib>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "orchestrator/engine/execution_record.h"
#include "orchestrator/engine/simulation.h"
#include "orchestrator/engine/test_machines.h"

namespace orderflow::engine {
namespace {

using store::ExecutionStatus;
using Range = std::pair<absl::Duration, absl::Duration>;

bool EndsWith(std::string_view text, std::string_view end) {
  return text.size() >= end.size() && text.substr(text.size() - end.size()) == end;
}

// Order 0, 3, .. is confirmed, 1, 4, .. runs out of stock, 2, 5, .. is declined.
enum class Fate { kConfirmed, kNoStock, kDeclined };
Fate FateOf(std::string_view order_id) {
  return static_cast<Fate>(std::atoi(std::string(order_id).c_str()) % 3);
}

tasks::TaskOutcome Answer(const tasks::TaskCall& call) {
  const std::string& order_id = call.input.Find("order_id")->AsString();
  const Fate fate = FateOf(order_id);
  if (EndsWith(call.resource, "/ReceiveOrderFunctionArn")) {
    return json::Value::Object({{"order_id", order_id}, {"payment_token", "tok"}});
  }
  if (EndsWith(call.resource, "/CheckInventoryFunctionArn")) {
    if (fate == Fate::kNoStock) return json::Value::Object({{"inventory_status", "unavailable"}});
    return json::Value::Object(
        {{"inventory_status", "available"}, {"total_minor", 1999}, {"currency", "EUR"}});
  }
  if (EndsWith(call.resource, "/ChargePaymentFunctionArn")) {
    return json::Value::Object(
        {{"payment_status", fate == Fate::kDeclined ? "declined" : "charged"},
         {"amount_minor", 1999},
         {"currency", "EUR"}});
  }
  return json::Value::Object({{"email_status", "sent"}});
}

class OrderSimulation final : public Simulation {
 public:
  OrderSimulation(uint64_t seed, int orders)
      : Simulation(seed, {.machine = OrderMachine(), .late = 0.5}),
        services_(process_, store_, machine_, Answer, /*trouble=*/0.15) {
    for (int i = 0; i < orders; ++i) customers_[absl::StrCat(i)];
  }

  void Run() {
    Boot();
    for (auto& entry : customers_)
      PlaceLater(entry.first, {absl::ZeroDuration(), absl::Milliseconds(200)});
    PlanMischief();
    ASSERT_NO_FATAL_FAILURE(RunUntilDone());
    CheckTheBooks();
  }

 private:
  struct Customer {
    std::optional<ExecutionResult> answer;
    bool stopped = false;  // asked for at least
  };

  tasks::TaskRunner& services() override { return services_; }

  void OnRestart() override {
    for (auto& [id, customer] : customers_) {
      if (!customer.answer) PlaceLater(id, {absl::Milliseconds(1), absl::Milliseconds(100)});
    }
  }

  void PlanMischief() {
    PlanCrashes(4, absl::Milliseconds(600));
    for (int64_t i = world_.Pick(0, 2); i > 0; --i) PlanOutage(absl::Milliseconds(500));
    for (auto& entry : customers_) {
      if (!world_.Chance(0.05)) continue;
      world_.After({absl::ZeroDuration(), absl::Milliseconds(300)},
                   [this, id = entry.first] { Stop(id); });
    }
  }

  void PlaceLater(const std::string& id, Range range) {
    world_.After(range, [this, id] { Place(id); });
  }

  void Place(const std::string& id) {
    if (customers_[id].answer) return;
    StartRequest request;
    request.machine = machine_;
    request.name = id;
    request.parsed_input = json::Value::Object({{"order_id", id},
                                                {"product_id", "tea"},
                                                {"quantity", 1},
                                                {"customer_email", "a@example.com"}});
    request.input = json::Serialize(request.parsed_input);
    if (world_.Chance(0.2)) {
      request.wait_until = clock_.Now() + absl::Milliseconds(world_.Pick(1, 100));
    }
    request.ticket = NewWaitTicket();
    if (world_.Chance(0.1)) {
      world_.After({absl::ZeroDuration(), absl::Milliseconds(50)},
                   [this, id, ticket = request.ticket] { engine_->GiveUp(ArnOf(id), ticket); });
    }
    engine_->StartAndWait(std::move(request), [this, id](absl::StatusOr<StartResult> answer) {
      OnAnswer(id, std::move(answer));
    });
  }

  void OnAnswer(const std::string& id, absl::StatusOr<StartResult> answer) {
    if (!answer.ok() || !answer->result) {
      if (!answer.ok()) {
        EXPECT_TRUE(absl::IsUnavailable(answer.status()) || absl::IsCancelled(answer.status()))
            << answer.status();
      }
      return PlaceLater(id, {absl::Milliseconds(1), absl::Milliseconds(300)});
    }
    const SimulatedStore::Row* row = store_.Find(answer->execution_arn);
    ASSERT_NE(row, nullptr);
    EXPECT_EQ(row->record.status, answer->result->status) << "told before it was durable";
    EXPECT_EQ(row->record.error, answer->result->error);
    EXPECT_EQ(row->record.output.value_or(""), answer->result->output);
    customers_[id].answer = *std::move(answer->result);
  }

  void Stop(const std::string& id) {
    customers_[id].stopped = true;
    engine_->Stop(ArnOf(id), "Stopped", std::nullopt, [this, id](absl::StatusOr<absl::Time> at) {
      if (!at.ok()) return;
      const SimulatedStore::Row* row = store_.Find(ArnOf(id));
      EXPECT_EQ(row->record.stop_time, *at) << "told before it was durable";
    });
  }

  bool Done() const override {
    for (const auto& [id, customer] : customers_) {
      if (!customer.answer) return false;
    }
    return true;
  }

  void CheckTheBooks() {
    EXPECT_EQ(store_.rows().size(), customers_.size())
        << "an order that nobody placed, or one too few";
    for (const auto& [id, customer] : customers_) {
      const store::ExecutionRecord& record = store_.Find(ArnOf(id))->record;
      EXPECT_EQ(record.status, customer.answer->status);
      if (record.status == ExecutionStatus::kAborted) {
        EXPECT_TRUE(customer.stopped);
      } else {
        ExpectFate(id, record);
      }
    }
  }

  void ExpectFate(const std::string& id, const store::ExecutionRecord& record) {
    const size_t tasks = FateOf(id) == Fate::kNoStock ? 2 : 4;
    for (size_t task = 1; task <= tasks + 1; ++task) {
      EXPECT_EQ(services_.keys().contains(absl::StrCat(ArnOf(id), "/", task)), task <= tasks)
          << "order " << id << " task " << task;
    }
    switch (FateOf(id)) {
      case Fate::kConfirmed:
        EXPECT_EQ(record.status, ExecutionStatus::kSucceeded) << id;
        break;
      case Fate::kNoStock:
        EXPECT_EQ(record.error, "InventoryFailed") << id;
        EXPECT_EQ(record.failed_state, "InventoryFailed") << id;
        break;
      case Fate::kDeclined:
        EXPECT_EQ(record.error, "PaymentFailed") << id;
        EXPECT_EQ(record.failed_state, "PaymentFailed") << id;
        break;
    }
  }

  SimulatedServices services_;
  std::map<std::string, Customer> customers_;
};

TEST(SimulatorTest, EveryOrderEndsOnceAndRightWhateverHappens) {
  RunSimulations(400, /*crashes_each=*/0.5, [](uint64_t seed) {
    OrderSimulation simulation(seed, /*orders=*/12);
    simulation.Run();
    return simulation.crashes();
  });
}

}  // namespace
}  // namespace orderflow::engine
