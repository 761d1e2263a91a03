#include "bench/report.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace orderflow::bench {
namespace {

double Milliseconds(absl::Duration length) { return absl::ToDoubleMilliseconds(length); }

std::string Line(int in_flight, const char* way, const Measurement& measured) {
  return absl::StrFormat("%9d  %-13s %9.0f %9.2f %9.2f %12.0f %12.0f %8d\n", in_flight, way,
                         measured.load.OrdersPerSecond(), Milliseconds(measured.load.Latency(0.50)),
                         Milliseconds(measured.load.Latency(0.99)),
                         absl::ToDoubleMicroseconds(measured.ServerCpuPerOrder()),
                         absl::ToDoubleMicroseconds(measured.ClientCpuPerOrder()),
                         measured.load.failed);
}

json::Value ToJson(const Measurement& measured) {
  return json::Value::Object(
      {{"orders", measured.load.succeeded},
       {"failed", measured.load.failed},
       {"orders_per_second", measured.load.OrdersPerSecond()},
       {"p50_us", absl::ToInt64Microseconds(measured.load.Latency(0.50))},
       {"p99_us", absl::ToInt64Microseconds(measured.load.Latency(0.99))},
       {"server_cpu_us_per_order", absl::ToDoubleMicroseconds(measured.ServerCpuPerOrder())},
       {"client_cpu_us_per_order", absl::ToDoubleMicroseconds(measured.ClientCpuPerOrder())}});
}

}  // namespace

std::string ReportText(const BenchmarkReport& report) {
  std::string text =
      absl::StrFormat("%9s  %-13s %9s %9s %9s %12s %12s %8s\n", "in flight", "way", "orders/s",
                      "p50 ms", "p99 ms", "server us/o", "client us/o", "failed");
  for (const Level& level : report.levels) {
    absl::StrAppend(&text, Line(level.in_flight, "floor", level.floor),
                    Line(level.in_flight, "orchestrated", level.orchestrated));
    absl::StrAppendFormat(&text, "%9d  orchestrated/floor = %.2f\n", level.in_flight,
                          level.Ratio());
    for (const Measurement* measured : {&level.floor, &level.orchestrated}) {
      if (!measured->load.first_failure.ok()) {
        absl::StrAppend(
            &text, "           first failure: ", measured->load.first_failure.ToString(), "\n");
      }
    }
  }
  return absl::StrCat(text, MemoryText(report.resident_bytes));
}

std::string MemoryText(const std::map<std::string, int64_t>& resident_bytes) {
  std::string text;
  for (const auto& [name, bytes] : resident_bytes) {
    absl::StrAppendFormat(&text, "RSS %-13s %7.1f MiB\n", name,
                          static_cast<double>(bytes) / (1 << 20));
  }
  return text;
}

std::string WaitingText(const WaitingReport& report) {
  return absl::StrFormat(
      "%d waiting executions: %.0f bytes each (orchestrator %.1f MiB before, %.1f MiB after)\n",
      report.executions, report.BytesPerExecution(),
      static_cast<double>(report.bytes_before) / (1 << 20),
      static_cast<double>(report.bytes_after) / (1 << 20));
}

json::Value ReportJson(const BenchmarkReport& report) {
  json::Array levels;
  for (const Level& level : report.levels) {
    levels.push_back(json::Value::Object({{"in_flight", level.in_flight},
                                          {"floor", ToJson(level.floor)},
                                          {"orchestrated", ToJson(level.orchestrated)},
                                          {"ratio", level.Ratio()}}));
  }
  return json::Value::Object({{"levels", json::Value::FromArray(std::move(levels))},
                              {"resident_bytes", MemoryJson(report.resident_bytes)}});
}

json::Value MemoryJson(const std::map<std::string, int64_t>& resident_bytes) {
  json::Members members;
  for (const auto& [name, bytes] : resident_bytes) members.push_back({name, bytes});
  return json::Value::FromMembers(std::move(members));
}

json::Value WaitingJson(const WaitingReport& report) {
  return json::Value::Object({{"executions", report.executions},
                              {"bytes_before", report.bytes_before},
                              {"bytes_after", report.bytes_after},
                              {"bytes_per_execution", report.BytesPerExecution()}});
}

}  // namespace orderflow::bench
