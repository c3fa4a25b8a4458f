#pragma once

#include <memory>
#include <string>
#include <vector>

#include "facecap/pipeline.hpp"
#include "files.hpp"

namespace facecap::board {

/// A capture as one line of captures.jsonl, without the line's end. `crop` is the name of its picture.
std::string capture_line(const Capture& capture, const std::string& crop);

/// "crops/<track>_<sequence>_<shot frame>.png"
std::string crop_name(const Capture& capture);

/// The folder of one run, as the Python package writes it: crops/, captures.jsonl, summary.json.
class CaptureFolder {
 public:
  /// Throws Error where the folder holds an earlier run and `overwrite` is not set, or cannot be made.
  CaptureFolder(std::string path, bool overwrite);
  void add_crop(const std::string& name, const std::vector<std::uint8_t>& png);
  void add_line(const std::string& line) { captures_->add(line); }
  void write_summary(const std::string& json);
  const std::string& path() const { return path_; }

 private:
  std::string path_;
  std::unique_ptr<LineFile> captures_;
};

}  // namespace facecap::board
