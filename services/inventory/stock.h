#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"

namespace orderflow::inventory {

// A product as the store keeps it.
struct Product {
  std::string product_id;
  int64_t available = 0;  // can be reserved now
  int64_t reserved = 0;   // set aside by reservations in state kReserved
  int64_t unit_price_minor = 0;
  std::string currency;
  absl::Time update_time;
};

// What became of an order's check. The numbers are stored; those above zero are ReservationStatus
// of the contract.
enum class ReservationState : int64_t {
  kRefused = 0,  // there was not enough: recorded, so that a repeated check gets the same answer
  kReserved = 1,
  kCommitted = 2,
  kReleased = 3,
  kExpired = 4,
};

// An order's check with its answer: the reservation, or the refusal.
struct ReservationRecord {
  std::string order_id;
  std::string product_id;
  int64_t quantity = 0;
  ReservationState state = ReservationState::kRefused;
  int64_t available_after = 0;  // what the first answer said could still be reserved
  int64_t unit_price_minor = 0;
  std::string currency;
  absl::Time create_time;
  absl::Time update_time;
};

// The stock as a whole, for those who watch it.
struct StockLevels {
  int64_t products = 0;
  int64_t low = 0;       // of these: as few left as asked for, or fewer; the sold-out ones included
  int64_t sold_out = 0;  // of these: nothing left
  int64_t reserved_units = 0;
  int64_t open_reservations = 0;  // counted up to a bound
  std::optional<absl::Time> oldest_open_reservation;
  struct Low {
    std::string product_id;
    int64_t available = 0;
  };
  std::vector<Low> lowest;  // the low products with the least left, least first
};

}  // namespace orderflow::inventory
