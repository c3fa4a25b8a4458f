#pragma once

#include <mutex>
#include <string>

namespace facecap {

/// A runtime's library: where it is looked for, and how it is loaded.
class SharedLibrary {
 public:
  /// `what`: the runtime in words. `variable`: of the environment. `plain_name`: for the system's loader.
  /// `advice`: ends every error, says how to get the library.
  SharedLibrary(const char* what, const char* variable, const char* plain_name, const char* advice)
      : what_(what), variable_(variable), plain_name_(plain_name), advice_(advice) {}

  /// Before everything else; empty: the variable, then the plain name.
  void set_path(const std::string& path);
  std::string path() const;
  /// A handle for dlsym. The library stays loaded, used or not: unloading one that has started threads is not
  /// safe. Throws ModelError.
  void* load(const std::string& path) const;

 private:
  const char* what_;
  const char* variable_;
  const char* plain_name_;
  const char* advice_;
  mutable std::mutex mutex_;
  std::string configured_;
};

}  // namespace facecap
