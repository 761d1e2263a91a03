#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace orderflow::order {

// How many digits of a currency's amounts stand behind the point, by ISO 4217: 2 for EUR, 0 for
// JPY, 3 for KWD. A code that is not in the standard counts as one of two digits, as most have.
int MinorUnitDigits(std::string_view currency);

// An amount of the currency's smallest unit as a customer reads it: 1234 of EUR is "12.34 EUR".
// Integers only.
std::string FormatAmount(int64_t amount_minor, std::string_view currency);

}  // namespace orderflow::order
