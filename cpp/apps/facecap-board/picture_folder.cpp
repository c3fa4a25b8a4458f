#include "picture_folder.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <cctype>
#include <new>

#include "errors.hpp"
#include "files.hpp"
#include "picture.hpp"
#include "stop_signal.hpp"

namespace facecap::board {
namespace {

unsigned char lower(char c) {
  return static_cast<unsigned char>(std::tolower(static_cast<unsigned char>(c)));
}

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

/// The digits at `at` without leading zeros; `at` moves behind them.
std::string number_at(const std::string& text, std::size_t& at) {
  std::size_t end = at;
  while (end < text.size() && is_digit(text[end])) ++end;
  std::size_t first = at;
  while (first + 1 < end && text[first] == '0') ++first;
  at = end;
  return text.substr(first, end - first);
}

bool is_picture(const std::string& name) {
  const std::size_t dot = name.rfind('.');
  if (name[0] == '.' || dot == std::string::npos) return false;
  std::string suffix = name.substr(dot);
  std::transform(suffix.begin(), suffix.end(), suffix.begin(),
                 [](char c) { return static_cast<char>(lower(c)); });
  const std::vector<std::string>& known = picture_suffixes();
  return std::find(known.begin(), known.end(), suffix) != known.end();
}

}  // namespace

bool natural_order(const std::string& a, const std::string& b) {
  std::size_t i = 0, k = 0;
  while (i < a.size() && k < b.size()) {
    if (is_digit(a[i]) && is_digit(b[k])) {
      const std::string left = number_at(a, i), right = number_at(b, k);
      if (left.size() != right.size()) return left.size() < right.size();
      if (left != right) return left < right;
    } else {
      if (lower(a[i]) != lower(b[k])) return lower(a[i]) < lower(b[k]);
      ++i, ++k;
    }
  }
  const bool a_ended = i == a.size(), b_ended = k == b.size();
  if (a_ended != b_ended) return a_ended;
  return a < b;
}

PictureFolder::PictureFolder(const std::string& path, std::optional<double> frames_a_second) {
  for (const std::string& each : names_in(path)) {
    struct stat status{};
    if (is_picture(each) && ::stat((path + "/" + each).c_str(), &status) == 0 && S_ISREG(status.st_mode))
      files_.push_back(each);
  }
  if (files_.empty()) {
    std::string known;
    for (const std::string& suffix : picture_suffixes()) known += (known.empty() ? "" : " ") + suffix;
    throw Error(path + " holds no pictures (" + known + ")" + missing_decoders());
  }
  std::sort(files_.begin(), files_.end(), natural_order);
  name = path;
  length = static_cast<std::int64_t>(files_.size());
  fps = frames_a_second;
  timed = fps.has_value();
}

bool PictureFolder::next(Frame& frame) {
  for (; next_ < files_.size() && !StopSignal::came(); ++next_) {
    const std::string path = name + "/" + files_[next_];
    try {
      read_picture(path, file_, picture_);
    } catch (const Error& error) {
      ++damaged;
      say(std::string("left out ") + error.what());
      continue;
    } catch (const std::bad_alloc&) {
      ++damaged;
      say("left out " + path + ": it does not fit into the memory that is allowed");
      continue;
    }
    frame.index = static_cast<std::int64_t>(next_++);
    frame.timestamp.reset();
    if (fps) frame.timestamp = static_cast<double>(frame.index) / *fps;
    frame.view = picture_.view();
    return true;
  }
  if (damaged == length) throw Error(name + ": no picture of " + std::to_string(*length) + " can be used");
  return false;
}

}  // namespace facecap::board
