#include "runtime/cvimodel/loaded_model.hpp"

#include <sys/resource.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <map>

#include "facecap/error.hpp"
#include "runtime/at_work.hpp"

namespace facecap::cvimodel {
namespace {

/// What the library's one state a process is known to be; under its lock.
struct Process {
  std::string chip;  // of the first model, for good: the simulator keeps it and crashes on another
  std::map<ModelHandle, pid_t> open;  // and the process that opened each: a forked child leaves it alone
  bool begun = false;
  bool ending = false;
};

Process& process() {
  static Process* one = new Process;  // outlives every static object
  return *one;
}

/// Runs before the static objects of the library are destroyed, since it is registered after they were made.
/// A call that never ends, or that ends the process itself, must not keep it from ending.
void release_all() {
  const std::unique_lock<std::timed_mutex> lock(library_mutex(), std::chrono::seconds(10));
  if (!lock) return;
  for (const auto& [handle, owner] : process().open)
    if (owner == getpid()) library().api.cleanup(handle);
  process().open.clear();
  process().ending = true;
}

void begin() {
  if (!process().begun) std::atexit(release_all);
  process().begun = true;
}

/// The simulator of a PC reserves 4 GiB of addresses and aborts where it gets none.
void check_address_space(const std::string& label) {
#ifdef __x86_64__
  constexpr rlim_t kWanted = rlim_t{5} << 30;
  rlimit limit{};
  if (getrlimit(RLIMIT_AS, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY || limit.rlim_cur >= kWanted)
    return;
  throw ModelError(label + ": the simulator wants 5 GiB of address space, the process may have " +
                   std::to_string(limit.rlim_cur >> 20) + " MiB: raise `ulimit -v`");
#else
  (void)label;
#endif
}

}  // namespace

LoadedModel::LoadedModel(const std::string& bytes, const std::string& chip, const std::string& label)
    : label_(label) {
  const Library& loaded = library();
  const std::lock_guard<std::timed_mutex> lock(library_mutex());
  if (!process().chip.empty() && process().chip != chip)
    throw ModelError(label + ": made for the " + chip + ", and this process already runs models of the " +
                     process().chip + ": the runtime serves one chip a process, so start another process");
  check_address_space(label);
  begin();
  process().chip = chip;
  loaded.check(loaded.api.register_from_buffer(reinterpret_cast<const std::int8_t*>(bytes.data()),
                                               static_cast<std::uint32_t>(bytes.size()), &handle_),
               label + ": cannot be loaded");
  if (handle_ == nullptr) throw ModelError(label + ": the runtime says it is loaded but gives no model");
  try {
    process().open[handle_] = getpid();
  } catch (...) {
    loaded.api.cleanup(handle_);
    throw;
  }
}

LoadedModel::~LoadedModel() {
  const AtWork at_work;
  const std::lock_guard<std::timed_mutex> lock(library_mutex());
  const auto entry = process().open.find(handle_);
  if (entry == process().open.end()) return;
  if (entry->second == getpid()) library().api.cleanup(handle_);
  process().open.erase(entry);
}

ModelHandle LoadedModel::get() const {
  if (process().ending) throw ModelError(label_ + ": the process is ending");
  return handle_;
}

}  // namespace facecap::cvimodel
