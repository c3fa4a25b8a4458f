#pragma once

#include <new>

// `new` of the program that this is linked into, which fails when a test says so.

namespace failing_new {

/// From now on the allocation of this number, counted from 1, throws std::bad_alloc.
void fail_at(long allocation);
/// From now on none does. Whether one has since fail_at.
bool fail_no_more();

enum class Outcome { never_came, ran_out, went_on };

/// What becomes of `call` when its allocation of this number fails: there is none of this number, the call
/// throws std::bad_alloc, or it does without. What else it throws passes.
template <typename Call>
Outcome outcome(long allocation, Call call) {
  fail_at(allocation);
  try {
    call();
  } catch (const std::bad_alloc&) {
    fail_no_more();
    return Outcome::ran_out;
  } catch (...) {
    fail_no_more();
    throw;
  }
  return fail_no_more() ? Outcome::went_on : Outcome::never_came;
}

/// For each allocation of `call` on a fresh object of `make`: where it fails and the call runs out of memory,
/// `check` looks at the object. Returns how often. Ends early where `check` says false.
template <typename Make, typename Call, typename Check>
long each_allocation(Make make, Call call, Check check) {
  long checked = 0;
  for (long allocation = 1;; ++allocation) {
    auto object = make();
    const Outcome found = outcome(allocation, [&] { call(object); });
    if (found == Outcome::never_came) return checked;
    if (found == Outcome::went_on) continue;
    ++checked;
    if (!check(object)) return checked;
  }
}

}  // namespace failing_new
