// How many orders a second the engine and the journal carry, without services and RPCs: a task
// runner that answers at once, the real store. Prints one line; see docs/performance.md for the
// whole system.
//
//   engine-benchmark [ORDERS] [IN_FLIGHT] [DATABASE] [BATCHES_IN_FLIGHT]

#include <sys/resource.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <thread>

#include "absl/strings/str_cat.h"
#include "common/base/await.h"
#include "common/base/check.h"
#include "common/base/mutex.h"
#include "orchestrator/engine/engine.h"
#include "orchestrator/engine/test_machines.h"
#include "orchestrator/store/sql_execution_store.h"

namespace orderflow::engine {
namespace {

// Answers from a thread of its own, as a gRPC client would.
class AtOnce final : public tasks::TaskRunner {
 public:
  AtOnce() : thread_([this] { Loop(); }) {}
  ~AtOnce() override {
    {
      MutexLock lock(mutex_);
      end_ = true;
    }
    condition_.NotifyOne();
    thread_.join();
  }
  std::unique_ptr<tasks::RunningTask> Run(tasks::TaskCall, tasks::TaskDone done) override {
    struct Handle final : tasks::RunningTask {
      void Cancel() override {}
    };
    bool wake = false;
    {
      MutexLock lock(mutex_);
      wake = waiting_.empty();
      waiting_.push_back(std::move(done));
    }
    if (wake) condition_.NotifyOne();
    return std::make_unique<Handle>();
  }
  std::optional<std::string> CheckResource(std::string_view) const override { return std::nullopt; }

 private:
  void Loop() {
    while (true) {
      std::vector<tasks::TaskDone> now;
      {
        MutexLock lock(mutex_);
        while (waiting_.empty() && !end_) condition_.Wait(mutex_);
        if (waiting_.empty()) return;
        now.swap(waiting_);
      }
      for (tasks::TaskDone& done : now) std::move(done)(answer_);
    }
  }

  // Serves all tasks of the order workflow.
  const json::Value answer_ = json::Value::Object({{"order_status", "received"},
                                                   {"payment_token", ""},
                                                   {"inventory_status", "available"},
                                                   {"reservation_id", "rsv-1"},
                                                   {"total_minor", 1999},
                                                   {"currency", "EUR"},
                                                   {"payment_status", "charged"},
                                                   {"payment_id", "pay-1"},
                                                   {"amount_minor", 1999},
                                                   {"email_status", "sent"}});
  Mutex mutex_;
  CondVar condition_;
  std::vector<tasks::TaskDone> waiting_ ABSL_GUARDED_BY(mutex_);
  bool end_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

// Keeps a number of orders in flight until all are done.
class Load {
 public:
  Load(Engine& engine, MachinePtr machine, int orders)
      : engine_(engine), machine_(std::move(machine)), orders_(orders) {}

  void Run(int in_flight) {
    for (int i = 0; i < in_flight; ++i) Next();
    MutexLock lock(mutex_);
    while (done_ < orders_) finished_.Wait(mutex_);
  }
  int failed() const { return failed_; }

 private:
  void Next() {
    const int number = next_++;
    if (number >= orders_) return;
    StartRequest request;
    request.machine = machine_;
    request.name = absl::StrCat(number);
    request.parsed_input = json::Value::Object({{"order_id", request.name},
                                                {"product_id", "sku-001"},
                                                {"quantity", 1},
                                                {"customer_email", "user@example.com"}});
    request.input = json::Serialize(request.parsed_input);
    request.wait_until = absl::Now() + absl::Seconds(60);
    engine_.StartAndWait(std::move(request), [this](absl::StatusOr<StartResult> result) {
      const bool good = result.ok() && result->result &&
                        result->result->status == store::ExecutionStatus::kSucceeded;
      if (!good) ++failed_;
      Next();
      MutexLock lock(mutex_);
      if (++done_ >= orders_) finished_.NotifyAll();
    });
  }

  Engine& engine_;
  const MachinePtr machine_;
  const int orders_;
  std::atomic<int> next_ = 0;
  std::atomic<int> failed_ = 0;
  Mutex mutex_;
  CondVar finished_;
  int done_ ABSL_GUARDED_BY(mutex_) = 0;
};

double CpuSeconds() {
  rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + time.tv_usec * 1e-6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

// On the disk that we are on: what a commit costs is part of what is measured.
class TemporaryDirectory {
 public:
  TemporaryDirectory() { ORDERFLOW_CHECK(mkdtemp(path_.data()) != nullptr); }
  ~TemporaryDirectory() { std::filesystem::remove_all(path_); }
  const std::string& path() const { return path_; }

 private:
  std::string path_ = "engine-benchmark-XXXXXX";
};

int Main(int argc, char** argv) {
  const int orders = argc > 1 ? std::atoi(argv[1]) : 20'000;
  const int in_flight = argc > 2 ? std::atoi(argv[2]) : 256;
  const TemporaryDirectory directory;
  auto store = store::OpenExecutionStore(
      {.url = argc > 3 ? argv[3] : absl::StrCat("sqlite:", directory.path(), "/engine.db"),
       .name = "bench"});
  if (!store.ok()) {
    std::fprintf(stderr, "%s\n", store.status().ToString().c_str());
    return 1;
  }
  auto machine = std::make_shared<Machine>(*OrderMachine());
  machine->record.revision =
      Await<store::StateMachineRecord>([&](Callback<store::StateMachineRecord> done) {
        (*store)->CreateStateMachine(machine->record, std::move(done));
      })->revision;
  AtOnce tasks;
  Options options;
  options.batches_in_flight = argc > 4 ? std::atoi(argv[4]) : options.batches_in_flight;
  auto engine = Engine::Create(options, **store, tasks, SystemClock(),
                               [](int64_t, Callback<MachinePtr> done) {
                                 std::move(done)(absl::UnimplementedError("nothing to recover"));
                               });
  if (const auto recovered =
          AwaitStatus([&](StatusCallback done) { engine->Recover(std::move(done)); });
      !recovered.ok()) {
    std::fprintf(stderr, "%s\n", recovered.ToString().c_str());
    return 1;
  }

  Load load(*engine, machine, orders);
  const double cpu_before = CpuSeconds();
  const absl::Time start = absl::Now();
  load.Run(in_flight);
  const double seconds = absl::ToDoubleSeconds(absl::Now() - start);
  const double cpu = CpuSeconds() - cpu_before;
  const Engine::Statistics statistics = engine->statistics();
  std::printf(
      "%d orders, %d in flight: %.0f orders/s, %.1f us CPU per order, %.1f inputs per batch, %d "
      "failed\n",
      orders, in_flight, orders / seconds, cpu / orders * 1e6,
      static_cast<double>(statistics.records) / static_cast<double>(statistics.batches),
      load.failed());
  engine->Shutdown();
  return load.failed() == 0 ? 0 : 1;
}

}  // namespace
}  // namespace orderflow::engine

int main(int argc, char** argv) { return orderflow::engine::Main(argc, argv); }
