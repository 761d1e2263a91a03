#pragma once

#include <cstdint>
#include <string_view>

namespace orderflow::asl {

// A stream of numbers that looks random and is the same for the same seed on every machine and
// after every restart: what makes jitter, UUIDs and random numbers repeatable in a replay. Not for
// secrets. (The mixing step is SplitMix64.)
class Random {
 public:
  explicit Random(uint64_t seed) : state_(seed) {}

  // A seed from a text (FNV-1a, mixed).
  static uint64_t Seed(std::string_view text) {
    uint64_t hash = 0xcbf29ce484222325;
    for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
    return Mix(hash);
  }

  uint64_t Next() {
    state_ += kStep;
    return Mix(state_);
  }
  // In [0, 1).
  double NextUnit() { return static_cast<double>(Next() >> 11) * 0x1.0p-53; }

 private:
  static constexpr uint64_t kStep = 0x9e3779b97f4a7c15;
  static uint64_t Mix(uint64_t z) {
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
  }

  uint64_t state_;
};

}  // namespace orderflow::asl
