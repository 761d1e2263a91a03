#pragma once

// Test support: what all simulations share. One process after the other runs the engine's own
// shards in virtual time; it dies at random moments and is started again. A simulation adds the
// services, those who use the engine, and what must be true in the end.

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "common/base/clock.h"
#include "gtest/gtest.h"
#include "orchestrator/engine/engine_impl.h"
#include "orchestrator/engine/simulated_world.h"

namespace orderflow::engine {

class Simulation {
 public:
  struct Settings {
    MachinePtr machine;
    int recovery_page = 3;
    std::string token_key = {};
    double late = 0;  // probability that a shard lets its inputs pile up for a moment
    // Options::missing_activities.
    std::function<std::vector<std::string>(const std::vector<std::string>&)> missing_activities =
        nullptr;
  };

  int crashes() const { return crashes_; }

 protected:
  Simulation(uint64_t seed, Settings settings);
  virtual ~Simulation() = default;

  virtual tasks::TaskRunner& services() = 0;
  // A new process is there, after a crash.
  virtual void OnRestart() = 0;
  virtual bool Done() const = 0;

  void Boot();
  void Crash();
  // Kills the process up to so many times; lets the disk fail once, for up to two seconds.
  void PlanCrashes(int64_t at_most, absl::Duration within);
  void PlanOutage(absl::Duration within);
  // Runs until Done, then ends the process.
  void RunUntilDone();

  // Starts an execution of the machine soon, and again for as long as the engine cannot.
  void StartLater(const std::string& name, const json::Value& input);
  std::string ArnOf(const std::string& name) const;
  // Whether all that is on record has ended.
  bool AllEnded() const;

  FakeClock clock_;
  EventQueue world_;    // outlives the process
  EventQueue process_;  // dies with it
  const Settings settings_;
  const MachinePtr machine_;
  SimulatedStore store_;
  std::unique_ptr<EngineImpl> engine_;

 private:
  void Step();
  void RunShards();

  int crashes_ = 0;
};

// What the environment says of how many to run: ORDERFLOW_SIMULATIONS runs more of them,
// ORDERFLOW_SIMULATION_SEED just the one.
struct SimulationPlan {
  explicit SimulationPlan(int64_t usual);
  int64_t first = 0;
  int64_t count = 0;
  bool is_whole = true;  // not just the one
};

// Runs `usual` simulations that `run` makes of a seed and answers the crashes of; there must be
// more than `crashes_each` on average.
void RunSimulations(int64_t usual, double crashes_each,
                    const std::function<int(uint64_t seed)>& run);

}  // namespace orderflow::engine
