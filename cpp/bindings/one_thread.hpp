#pragma once

#include <atomic>
#include <string>
#include <utility>

#include "facecap/error.hpp"

/// An object of the core that one thread at a time may use. Every call holds a Use until its answer is turned
/// into Python objects; a second thread is refused. No interrupt of Python's can come between.
template <typename T>
class OneThread {
 public:
  /// `name` is that of its class in Python.
  template <typename... Arguments>
  explicit OneThread(const char* name, Arguments&&... arguments)
      : name_(name), object_(std::forward<Arguments>(arguments)...) {}

  class Use {
   public:
    explicit Use(OneThread& owner) : owner_(owner) {
      if (owner.used_.exchange(true))
        throw facecap::Error("this " + std::string(owner.name_) +
                             " is at work in another thread: give every thread its own");
    }
    ~Use() { owner_.used_ = false; }
    Use(const Use&) = delete;
    Use& operator=(const Use&) = delete;
    T* operator->() const { return &owner_.object_; }

   private:
    OneThread& owner_;
  };

  /// What no call changes.
  const T& fixed() const { return object_; }

 private:
  const char* name_;
  T object_;
  std::atomic<bool> used_{false};
};
