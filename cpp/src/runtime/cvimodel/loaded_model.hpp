#pragma once

#include <string>

#include "runtime/cvimodel/library.hpp"

namespace facecap::cvimodel {

/// A model that the library holds, from its loading to its release. Both take the library's lock.
class LoadedModel {
 public:
  /// `bytes` are read while this runs and not later. Throws ModelError where the process already runs models
  /// of another chip, or where the library refuses.
  LoadedModel(const std::string& bytes, const std::string& chip, const std::string& label);
  ~LoadedModel();
  LoadedModel(const LoadedModel&) = delete;
  LoadedModel& operator=(const LoadedModel&) = delete;

  /// Throws ModelError where the process is ending: then the library has let go of its models before its own
  /// static objects go. To be called, and what it gives used, with the library's lock held.
  ModelHandle get() const;

 private:
  std::string label_;
  ModelHandle handle_ = nullptr;
};

}  // namespace facecap::cvimodel
