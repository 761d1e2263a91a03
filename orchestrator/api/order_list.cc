#include "orchestrator/api/order_list.h"

#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/base/page_token.h"
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

// The lists of the store that hold the orders with an outcome.
absl::StatusOr<std::vector<store::ExecutionFilter>> FiltersFor(const std::string& machine_arn,
                                                               Outcome outcome) {
  const auto with = [&machine_arn](std::optional<ExecutionStatus> status,
                                   std::string_view error = "") {
    return store::ExecutionFilter{machine_arn, status, std::string(error)};
  };
  switch (outcome) {
    case order::v1::OUTCOME_UNSPECIFIED:
      return std::vector{with(std::nullopt)};
    case order::v1::OUTCOME_IN_PROGRESS:
      return std::vector{with(ExecutionStatus::kRunning)};
    case order::v1::OUTCOME_CONFIRMED:
      return std::vector{with(ExecutionStatus::kSucceeded)};
    case order::v1::OUTCOME_INVENTORY_FAILED:
    case order::v1::OUTCOME_PAYMENT_FAILED:
      return std::vector{with(ExecutionStatus::kFailed, *ErrorOf(outcome))};
    case order::v1::OUTCOME_FAILED:
      return std::vector{with(ExecutionStatus::kFailed), with(ExecutionStatus::kTimedOut),
                         with(ExecutionStatus::kAborted)};
    default:
      return InvalidArgumentError(
          {{"outcome", absl::StrCat(static_cast<int>(outcome), " is no outcome")}});
  }
}

// Gathers one page, reading the store's lists one after the other. The token is the number of the
// list and the store's own token for it, such as "1:<token>".
class OrderPage : public std::enable_shared_from_this<OrderPage> {
 public:
  OrderPage(store::ExecutionStore& store, std::vector<store::ExecutionFilter> filters,
            Outcome outcome, int size, size_t list, std::string token,
            Callback<ListOrdersResponse> done)
      : store_(store),
        filters_(std::move(filters)),
        outcome_(outcome),
        size_(size),
        list_(list),
        token_(std::move(token)),
        done_(std::move(done)) {}

  void Read() {
    store_.ListExecutions(
        filters_[list_], size_ - response_.orders_size(), token_,
        [self = shared_from_this()](absl::StatusOr<store::Page<store::ExecutionRecord>> page) {
          self->OnPage(std::move(page));
        });
  }

 private:
  void OnPage(absl::StatusOr<store::Page<store::ExecutionRecord>> page) {
    if (!page.ok()) return std::move(done_)(page.status());
    for (store::ExecutionRecord& record : page->items) {
      if (outcome_ == order::v1::OUTCOME_FAILED &&
          OutcomeOf(record.status, record.error) != outcome_)
        continue;
      *response_.add_orders() = ToOrder(std::move(record));
    }
    if (page->next) {
      token_ = *std::move(page->next);
    } else {
      token_.clear();
      if (++list_ == filters_.size()) return std::move(done_)(std::move(response_));
    }
    const bool full = response_.orders_size() >= size_;
    if (full || ++reads_ == kMaxReads || (page->next && response_.orders_size() > 0)) {
      response_.set_next_page_token(absl::StrCat(list_, ":", token_));
      return std::move(done_)(std::move(response_));
    }
    Read();
  }

  store::ExecutionStore& store_;
  const std::vector<store::ExecutionFilter> filters_;
  const Outcome outcome_;
  const int size_;
  size_t list_;
  std::string token_;
  int reads_ = 0;
  Callback<ListOrdersResponse> done_;
  ListOrdersResponse response_;
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
  auto filters = FiltersFor(machine_arn, request.outcome());
  if (!filters.ok()) return std::move(done)(filters.status());
  size_t list = 0;
  std::string token;
  if (const std::string& given = request.page_token(); !given.empty()) {
    const size_t known_lists = filters->size();
    if (given.size() < 2 || given[1] != ':' || given[0] < '0' ||
        static_cast<size_t>(given[0] - '0') >= known_lists) {
      return std::move(done)(BadPageTokenError());
    }
    list = given[0] - '0';
    token = given.substr(2);
  }
  std::make_shared<OrderPage>(store, *std::move(filters), request.outcome(), *size, list,
                              std::move(token), std::move(done))
      ->Read();
}

}  // namespace orderflow::api
