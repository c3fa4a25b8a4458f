#include "runtime/cvimodel/loaded_model.hpp"

#include <sys/resource.h>
#include <unistd.h>

#include <cstdlib>
#include <set>

#include "facecap/error.hpp"

namespace facecap::cvimodel {
namespace {

/// What the library's one state a process is known to be; under its lock.
struct Process {
  std::string chip;  // of the first model, for good: the simulator keeps it and crashes on another
  std::set<ModelHandle> open;
  pid_t id = 0;
  bool ending = false;
};

Process& process() {
  static Process* one = new Process;  // outlives every static object
  return *one;
}

/// Runs before the static objects of the library are destroyed, since it is registered after they were made.
/// A forked child leaves alone what its parent opened.
void release_all() {
  if (process().id != getpid()) return;
  const std::lock_guard<std::mutex> lock(library_mutex());
  for (ModelHandle handle : process().open) library().api.cleanup(handle);
  process().open.clear();
  process().ending = true;
}

void begin() {
  if (process().id != 0) return;
  process().id = getpid();
  std::atexit(release_all);
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
  const std::lock_guard<std::mutex> lock(library_mutex());
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
  process().open.insert(handle_);
}

LoadedModel::~LoadedModel() {
  const std::lock_guard<std::mutex> lock(library_mutex());
  if (process().open.erase(handle_) > 0) library().api.cleanup(handle_);
}

ModelHandle LoadedModel::get() const {
  if (process().ending) throw ModelError(label_ + ": the process is ending");
  return handle_;
}

}  // namespace facecap::cvimodel
