#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "facecap/geometry.hpp"
#include "facecap/pipeline.hpp"

namespace facecap::board {

/// The ceiling of what the program itself holds beside the models: made when these are open, kept by `new`,
/// which fails above it.
class MemoryPlan {
 public:
  explicit MemoryPlan(int ceiling_mebibytes);
  ~MemoryPlan();
  MemoryPlan(const MemoryPlan&) = delete;
  MemoryPlan& operator=(const MemoryPlan&) = delete;

  /// What was made since the last call is for this.
  void made(const char* what);
  std::string words() const;
  /// From now on there is no ceiling; `peak` stays.
  void lift();
  std::size_t ceiling() const { return ceiling_; }
  std::size_t peak() const;

 private:
  std::size_t models_;  // bytes in use when the plan was made
  std::size_t ceiling_;
  std::size_t before_;
  std::optional<std::size_t> final_peak_;
  std::string parts_;
};

/// The sentence for a program that met its ceiling.
std::string memory_words();

/// Runs the networks once, so that all their buffers are there before the first frame. Without a size a
/// square picture stands for the frames to come.
void warm_up(FaceCaptureParts& parts, std::optional<Size> frame);

}  // namespace facecap::board
