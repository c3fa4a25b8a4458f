#include "heap.hpp"

#include <malloc.h>

#include <atomic>
#include <cstdlib>
#include <new>

namespace facecap::board::heap {
namespace {

std::atomic<std::size_t> used{0}, most{0}, biggest{0}, limit{0};

void raise_to(std::atomic<std::size_t>& highest, std::size_t value) {
  std::size_t seen = highest.load(std::memory_order_relaxed);
  while (seen < value && !highest.compare_exchange_weak(seen, value, std::memory_order_relaxed)) {
  }
}

void* take(std::size_t bytes) {
  const std::size_t allowed = limit.load(std::memory_order_relaxed);
  if (allowed != 0 && (bytes > allowed || used.load(std::memory_order_relaxed) > allowed - bytes))
    return nullptr;
  void* piece = std::malloc(bytes ? bytes : 1);
  if (!piece) return nullptr;
  raise_to(biggest, bytes);
  raise_to(most, used.fetch_add(::malloc_usable_size(piece), std::memory_order_relaxed) + bytes);
  return piece;
}

void give_back(void* piece) {
  if (!piece) return;
  used.fetch_sub(::malloc_usable_size(piece), std::memory_order_relaxed);
  std::free(piece);
}

}  // namespace

std::size_t in_use() {
  return used.load(std::memory_order_relaxed);
}

std::size_t peak() {
  return most.load(std::memory_order_relaxed);
}

std::size_t largest() {
  return biggest.load(std::memory_order_relaxed);
}

void mark() {
  most = used.load(std::memory_order_relaxed);
  biggest = 0;
}

void set_limit(std::size_t bytes) {
  limit = bytes;
}

}  // namespace facecap::board::heap

void* operator new(std::size_t bytes) {
  if (void* piece = facecap::board::heap::take(bytes)) return piece;
  throw std::bad_alloc();
}

void* operator new[](std::size_t bytes) {
  return operator new(bytes);
}

void operator delete(void* piece) noexcept {
  facecap::board::heap::give_back(piece);
}

void operator delete[](void* piece) noexcept {
  facecap::board::heap::give_back(piece);
}

void operator delete(void* piece, std::size_t) noexcept {
  facecap::board::heap::give_back(piece);
}

void operator delete[](void* piece, std::size_t) noexcept {
  facecap::board::heap::give_back(piece);
}
