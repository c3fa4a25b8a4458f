#pragma once

#include <cstddef>
#include <string>

namespace facecap::board {

/// Reads the beginning of an HTTP/1.x answer as it comes in, up to the end of its headers; interim answers
/// (1xx) are skipped. Bytes may be anything.
class HttpAnswer {
 public:
  enum class State { reading, complete, broken };
  State feed(const char* data, std::size_t bytes);
  State state() const { return state_; }
  int status() const { return status_; }  // 200 to 599 where complete

 private:
  void end_line();

  State state_ = State::reading;
  int status_ = 0;
  bool in_status_line_ = true;
  std::size_t seen_ = 0;
  std::string line_;  // the beginning of the line that is being read
};

}  // namespace facecap::board
