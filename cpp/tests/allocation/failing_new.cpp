#include "failing_new.hpp"

#include <atomic>
#include <cstdlib>

namespace {

std::atomic<long> left{0};

}  // namespace

void failing_new::fail_at(long allocation) {
  left = allocation;
}

void* operator new(std::size_t bytes) {
  if (left > 0 && --left == 0) throw std::bad_alloc();
  if (void* piece = std::malloc(bytes ? bytes : 1)) return piece;
  throw std::bad_alloc();
}

void operator delete(void* piece) noexcept {
  std::free(piece);
}

void operator delete(void* piece, std::size_t) noexcept {
  std::free(piece);
}
