#include "failing_new.hpp"

#include <atomic>
#include <cstdlib>

namespace {

std::atomic<long> left{0};
std::atomic<bool> failed{false};

}  // namespace

void failing_new::fail_at(long allocation) {
  failed = false;
  left = allocation;
}

bool failing_new::fail_no_more() {
  left = 0;
  return failed;
}

void* operator new(std::size_t bytes) {
  if (left > 0 && --left == 0) {
    failed = true;
    throw std::bad_alloc();
  }
  if (void* piece = std::malloc(bytes ? bytes : 1)) return piece;
  throw std::bad_alloc();
}

void operator delete(void* piece) noexcept {
  std::free(piece);
}

void operator delete(void* piece, std::size_t) noexcept {
  std::free(piece);
}
