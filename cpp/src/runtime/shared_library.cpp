#include "runtime/shared_library.hpp"

#include <dlfcn.h>

#include <cstdlib>

#include "facecap/error.hpp"
#include "runtime/at_work.hpp"

namespace facecap {

void SharedLibrary::set_path(const std::string& path) {
  const AtWork at_work;
  const std::lock_guard<std::mutex> lock(mutex_);
  configured_ = path;
}

std::string SharedLibrary::path() const {
  const AtWork at_work;
  const std::lock_guard<std::mutex> lock(mutex_);
  if (!configured_.empty()) return configured_;
  const char* variable = std::getenv(variable_);
  return variable != nullptr && *variable != '\0' ? variable : plain_name_;
}

void* SharedLibrary::load(const std::string& path) const {
  void* handle = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (handle != nullptr) return handle;
  const char* reason = dlerror();
  throw ModelError(std::string("cannot load ") + what_ + " from '" + path +
                   "': " + (reason != nullptr ? reason : "unknown") + advice_);
}

}  // namespace facecap
