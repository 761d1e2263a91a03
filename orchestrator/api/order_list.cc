#include "orchestrator/api/order_list.h"

#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/status.h"
#include "orchestrator/api/order_outcome.h"

namespace orderflow::api {
namespace {

using order::v1::ListOrdersResponse;
using order::v1::Outcome;
using store::ExecutionStatus;

constexpr int kMaxPageSize = 1000;
constexpr int kDefaultPageSize = 100;
// Pages of the store that a call reads at most to find an order of the outcome asked for.
constexpr int kMaxReads = 20;

// The executions that may be orders with an outcome.
absl::StatusOr<store::ExecutionFilter> FilterFor(const std::string& machine_arn, Outcome outcome) {
  store::ExecutionFilter filter{machine_arn, {}, ""};
  switch (outcome) {
    case order::v1::OUTCOME_UNSPECIFIED:
      break;
    case order::v1::OUTCOME_IN_PROGRESS:
      filter.statuses = {ExecutionStatus::kRunning};
      break;
    case order::v1::OUTCOME_CONFIRMED:
      filter.statuses = {ExecutionStatus::kSucceeded};
      break;
    case order::v1::OUTCOME_INVENTORY_FAILED:
    case order::v1::OUTCOME_PAYMENT_FAILED:
      filter.statuses = {ExecutionStatus::kFailed};
      filter.error = *ErrorOf(outcome);
      break;
    case order::v1::OUTCOME_FAILED:
      filter.statuses = {ExecutionStatus::kFailed, ExecutionStatus::kTimedOut,
                         ExecutionStatus::kAborted};
      break;
    default:
      return InvalidArgumentError(
          {{"outcome", absl::StrCat(static_cast<int>(outcome), " is no outcome")}});
  }
  return filter;
}

// Gathers one page. What the filter cannot tell apart is left out here, so that a page of the store
// may give nothing: then the next one is read.
class OrderPage : public std::enable_shared_from_this<OrderPage> {
 public:
  OrderPage(store::ExecutionStore& store, store::ExecutionFilter filter, Outcome outcome, int size,
            std::string token, Callback<ListOrdersResponse> done)
      : store_(store),
        filter_(std::move(filter)),
        outcome_(outcome),
        size_(size),
        token_(std::move(token)),
        done_(std::move(done)) {}

  void Read() {
    store_.ListExecutions(
        filter_, size_, token_,
        [self = shared_from_this()](absl::StatusOr<store::Page<store::ExecutionRecord>> page) {
          self->OnPage(std::move(page));
        });
  }

 private:
  void OnPage(absl::StatusOr<store::Page<store::ExecutionRecord>> page) {
    if (!page.ok()) return std::move(done_)(page.status());
    ListOrdersResponse response;
    for (store::ExecutionRecord& record : page->items) {
      if (outcome_ == order::v1::OUTCOME_FAILED &&
          OutcomeOf(record.status, record.error) != outcome_)
        continue;
      *response.add_orders() = ToOrder(std::move(record));
    }
    if (page->next && response.orders().empty() && ++reads_ < kMaxReads) {
      token_ = *std::move(page->next);
      return Read();
    }
    if (page->next) response.set_next_page_token(*std::move(page->next));
    std::move(done_)(std::move(response));
  }

  store::ExecutionStore& store_;
  const store::ExecutionFilter filter_;
  const Outcome outcome_;
  const int size_;
  std::string token_;
  int reads_ = 0;
  Callback<ListOrdersResponse> done_;
};

absl::StatusOr<int> CheckPageSize(int size) {
  if (size < 0 || size > kMaxPageSize) {
    return InvalidArgumentError(
        {{"page_size", absl::StrCat(size, " is not in 0..", kMaxPageSize)}});
  }
  return size == 0 ? kDefaultPageSize : size;
}

}  // namespace

void ListOrders(store::ExecutionStore& store, const std::string& machine_arn,
                const order::v1::ListOrdersRequest& request, Callback<ListOrdersResponse> done) {
  const absl::StatusOr<int> size = CheckPageSize(request.page_size());
  if (!size.ok()) return std::move(done)(size.status());
  auto filter = FilterFor(machine_arn, request.outcome());
  if (!filter.ok()) return std::move(done)(filter.status());
  std::make_shared<OrderPage>(store, *std::move(filter), request.outcome(), *size,
                              request.page_token(), std::move(done))
      ->Read();
}

}  // namespace orderflow::api
