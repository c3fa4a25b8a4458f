#pragma once

#include <exception>
#include <utility>

namespace facecap {

/// Takes a step back when an exception leaves the scope that it lives in.
template <typename Undo>
class OnException {
 public:
  explicit OnException(Undo undo) : undo_(std::move(undo)), before_(std::uncaught_exceptions()) {}
  ~OnException() {
    if (std::uncaught_exceptions() > before_) undo_();
  }
  OnException(const OnException&) = delete;
  OnException& operator=(const OnException&) = delete;

 private:
  Undo undo_;  // does not throw
  int before_;
};

}  // namespace facecap
