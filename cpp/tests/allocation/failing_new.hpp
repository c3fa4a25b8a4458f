#pragma once

#include <new>

// `new` of the program that this is linked into, which fails when a test says so.

namespace failing_new {

/// From now on the allocation of this number, counted from 1, throws std::bad_alloc; 0: none does.
void fail_at(long allocation);

/// Whether `call` runs out of memory when its allocation of this number fails. What else it throws passes.
template <typename Call>
bool runs_out(long allocation, Call call) {
  const struct Restore {
    ~Restore() { fail_at(0); }
  } restore;
  fail_at(allocation);
  try {
    call();
  } catch (const std::bad_alloc&) {
    return true;
  }
  return false;
}

/// Calls `check` with 1, 2, 3 ... for as long as it says that this allocation failed. Returns how many did.
template <typename Check>
long each_allocation(Check check) {
  long allocation = 1;
  while (check(allocation)) ++allocation;
  return allocation - 1;
}

}  // namespace failing_new
