#include "runtime/cvimodel/library.hpp"

#include <dlfcn.h>

#include <cstdio>

#include "facecap/error.hpp"
#include "facecap/session.hpp"
#include "runtime/at_work.hpp"
#include "runtime/cvimodel/printed.hpp"
#include "runtime/shared_library.hpp"

namespace facecap {
namespace cvimodel {
namespace {

constexpr const char* kVariable = "FACECAP_CVIRUNTIME";
constexpr const char* kPlainName = "libcviruntime.so";
constexpr const char* kAdvice =
    "; a board has it in the vendor's SDK: put its folder into LD_LIBRARY_PATH or name the file in "
    "FACECAP_CVIRUNTIME; on a PC `python -m facecap.conversion.vendor_wheel` fetches the simulator";

SharedLibrary& file() {
  static auto* one =  // for as long as the process
      new SharedLibrary("the runtime of a .cvimodel", kVariable, kPlainName, kAdvice);
  return *one;
}

template <typename Function>
void bind(Function& function, void* handle, const char* name, const std::string& path) {
  function = reinterpret_cast<Function>(dlsym(handle, name));
  if (function == nullptr)
    throw ModelError("'" + path + "' is not libcviruntime: it has no " + name + kAdvice);
}

/// The library has no function that gives its version, but one that prints it.
std::string version_of(void* handle) {
  const auto print = reinterpret_cast<void (*)()>(dlsym(handle, "_Z18showRuntimeVersionv"));
  if (print == nullptr) return "unknown";
  take_printed();
  print();
  std::string line = take_printed();
  const std::string name = "Cvitek Runtime ";
  if (line.compare(0, name.size(), name) == 0) line.erase(0, name.size());
  return line.empty() ? "unknown" : line;
}

std::string file_of(const Api& api, const std::string& otherwise) {
  Dl_info info{};
  const bool found =
      dladdr(reinterpret_cast<const void*>(api.forward), &info) != 0 && info.dli_fname != nullptr;
  return found ? info.dli_fname : otherwise;
}

Library load(const std::string& path) {
  void* handle = file().load(path);
  Library library;
  bind(library.api.register_from_buffer, handle, "CVI_NN_RegisterModelFromBuffer", path);
  bind(library.api.get_tensors, handle, "CVI_NN_GetInputOutputTensors", path);
  bind(library.api.set_memory, handle, "CVI_NN_SetTensorPtr", path);
  bind(library.api.forward, handle, "CVI_NN_Forward", path);
  bind(library.api.cleanup, handle, "CVI_NN_CleanupModel", path);
  library.path = file_of(library.api, path);
  library.version = divert_printed(handle) ? version_of(handle) : "unknown";
  return library;
}

const char* meaning(ReturnCode code) {
  constexpr std::uint32_t kModule = 0xC0778000;
  const auto bits = static_cast<std::uint32_t>(code);
  const bool of_module = (bits & 0xFFFFFF00u) == kModule;
  // Two numberings are in the field: the one of the vendor's media libraries and an older, small one.
  switch (of_module ? bits & 0xFFu : 0u) {
    case 0x03:
      return "an argument is not valid";
    case 0x07:
      return "not ready yet";
    case 0x0C:
      return "no memory left for the chip";
    case 0x16:
      return "not supported by this version";
    default:
      break;
  }
  switch (code) {
    case -1:
    case 2:
      return "a failure without a reason";
    case 1:
      return "not ready yet";
    case 3:
      return "it took too long";
    case 4:
      return "not initialised";
    case 5:
      return "an argument is not valid";
    case 6:
      return "no memory left for the chip";
    case 7:
      return "wrong data";
    case 8:
      return "the chip is busy";
    case 9:
      return "not supported by this version";
    default:
      return "a code without a known meaning";
  }
}

}  // namespace

std::string describe(ReturnCode code) {
  char number[16];
  std::snprintf(number, sizeof number, "0x%X", static_cast<unsigned>(code));
  return std::string(number) + ", " + meaning(code);
}

void Library::check(ReturnCode code, const std::string& what) const {
  const std::string said = take_printed();
  if (code == 0) return;
  throw ModelError(what + ": the runtime answers " + describe(code) +
                   (said.empty() ? "" : "; it says: " + said));
}

const Library& library() {
  static const Library* const loaded = new Library(load(file().path()));  // tried again where it throws
  return *loaded;
}

std::timed_mutex& library_mutex() {
  static std::timed_mutex* mutex = new std::timed_mutex;  // held while the process ends
  return *mutex;
}

}  // namespace cvimodel

void set_cviruntime_path(const std::string& path) {
  cvimodel::file().set_path(path);
}

RuntimeLibrary cviruntime() {
  const AtWork at_work;
  return {cvimodel::library().path, cvimodel::library().version};
}

}  // namespace facecap
