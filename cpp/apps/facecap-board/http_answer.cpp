#include "http_answer.hpp"

#include <cctype>

namespace facecap::board {
namespace {

constexpr std::size_t kLargestHead = 32 * 1024;  // interim answers included
constexpr std::size_t kStatusLine = 12;          // "HTTP/1.1 200"

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

/// 100 to 599, or 0 where the line is none of a status.
int read_status(const std::string& line) {
  if (line.size() < kStatusLine || line.compare(0, 7, "HTTP/1.") != 0 || !is_digit(line[7]) || line[8] != ' ')
    return 0;
  if (line.size() > kStatusLine && line[kStatusLine] != ' ') return 0;
  int status = 0;
  for (std::size_t i = 9; i < kStatusLine; ++i) {
    if (!is_digit(line[i])) return 0;
    status = 10 * status + (line[i] - '0');
  }
  return status >= 100 && status <= 599 ? status : 0;
}

}  // namespace

void HttpAnswer::end_line() {
  if (!line_.empty() && line_.back() == '\r') line_.pop_back();
  if (in_status_line_) {
    status_ = read_status(line_);
    if (status_ == 0) state_ = State::broken;
    in_status_line_ = false;
  } else if (line_.empty()) {
    if (status_ >= 200)
      state_ = State::complete;
    else
      in_status_line_ = true;
  }
  line_.clear();
}

HttpAnswer::State HttpAnswer::feed(const char* data, std::size_t bytes) {
  for (std::size_t i = 0; i < bytes && state_ == State::reading; ++i) {
    if (++seen_ > kLargestHead)
      state_ = State::broken;
    else if (data[i] == '\n')
      end_line();
    else if (line_.size() < kStatusLine + 2)
      line_ += data[i];
  }
  return state_;
}

}  // namespace facecap::board
