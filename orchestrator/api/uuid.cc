#include "orchestrator/api/uuid.h"

#include <cstdint>
#include <random>

namespace orderflow::api {
namespace {

std::mt19937_64 SeededGenerator() {
  std::random_device device;
  std::seed_seq seed{device(), device(), device(), device(),
                     device(), device(), device(), device()};
  return std::mt19937_64(seed);
}

}  // namespace

std::string NewSecret() {
  std::random_device device;  // the system's own
  constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  while (text.size() < 64) {
    const uint32_t bits = device();
    for (int shift = 0; shift < 32; shift += 4) text.push_back(kDigits[(bits >> shift) & 0xF]);
  }
  return text;
}

std::string NewUuid() {
  thread_local std::mt19937_64 generator = SeededGenerator();
  uint64_t high = generator();
  uint64_t low = generator();
  high = (high & ~0xF000ULL) | 0x4000ULL;                       // version 4
  low = (low & 0x3FFFFFFFFFFFFFFFULL) | 0x8000000000000000ULL;  // variant 1

  constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  text.reserve(36);
  for (int i = 0; i < 32; ++i) {
    if (i == 8 || i == 12 || i == 16 || i == 20) text.push_back('-');
    const uint64_t half = i < 16 ? high : low;
    text.push_back(kDigits[(half >> (60 - 4 * (i % 16))) & 0xF]);
  }
  return text;
}

}  // namespace orderflow::api
