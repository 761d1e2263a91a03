#include "common/order/currency.h"

#include <algorithm>
#include <array>

namespace orderflow::order {
namespace {

// ISO 4217 as of 2024: the codes whose minor unit is not a hundredth. Sorted.
constexpr std::array<std::string_view, 17> kNoDigits = {
    "BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG",
    "RWF", "UGX", "UYI", "VND", "VUV", "XAF", "XOF", "XPF",
};
constexpr std::array<std::string_view, 7> kThreeDigits = {"BHD", "IQD", "JOD", "KWD",
                                                          "LYD", "OMR", "TND"};
constexpr std::array<std::string_view, 2> kFourDigits = {"CLF", "UYW"};

template <size_t n>
bool Has(const std::array<std::string_view, n>& codes, std::string_view code) {
  return std::binary_search(codes.begin(), codes.end(), code);
}

}  // namespace

int MinorUnitDigits(std::string_view currency) {
  if (Has(kNoDigits, currency)) return 0;
  if (Has(kThreeDigits, currency)) return 3;
  if (Has(kFourDigits, currency)) return 4;
  return 2;
}

std::string FormatAmount(int64_t amount_minor, std::string_view currency) {
  const bool negative = amount_minor < 0;
  // Negated as unsigned: the most negative value has no positive counterpart.
  const uint64_t magnitude =
      negative ? 0 - static_cast<uint64_t>(amount_minor) : static_cast<uint64_t>(amount_minor);
  std::string digits = std::to_string(magnitude);
  if (const size_t decimals = MinorUnitDigits(currency); decimals > 0) {
    if (digits.size() <= decimals) digits.insert(0, decimals + 1 - digits.size(), '0');
    digits.insert(digits.size() - decimals, ".");
  }
  return (negative ? "-" : "") + digits + " " + std::string(currency);
}

}  // namespace orderflow::order
