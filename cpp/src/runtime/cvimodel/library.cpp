#include <mutex>
#include <string>

#include "facecap/session.hpp"

namespace facecap {
namespace cvimodel {
namespace {

std::mutex& guard() {
  static std::mutex mutex;
  return mutex;
}

std::string& configured_path() {
  static std::string path;
  return path;
}

}  // namespace
}  // namespace cvimodel

void set_cviruntime_path(const std::string& path) {
  const std::lock_guard<std::mutex> lock(cvimodel::guard());
  cvimodel::configured_path() = path;
}

}  // namespace facecap
