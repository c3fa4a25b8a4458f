#pragma once

#include <pybind11/pybind11.h>

#include <chrono>
#include <thread>

namespace facecap {

/// Lets other Python threads run while it lives. A daemon thread that comes back when the interpreter is
/// ending is unwound by Python before 3.14, which a destructor that may not throw turns into an abort: such a
/// thread waits here for the end of the process, as newer Pythons let it.
class ReleaseGil {
 public:
  ReleaseGil() : state_(PyEval_SaveThread()) {}
  ~ReleaseGil() noexcept(false) {
    while (ending()) std::this_thread::sleep_for(std::chrono::seconds(1));
    PyEval_RestoreThread(state_);
  }
  ReleaseGil(const ReleaseGil&) = delete;
  ReleaseGil& operator=(const ReleaseGil&) = delete;

 private:
  static bool ending() {
#if PY_VERSION_HEX >= 0x030D0000
    return Py_IsFinalizing() != 0;
#else
    return _Py_IsFinalizing() != 0;
#endif
  }

  PyThreadState* state_;
};

}  // namespace facecap
