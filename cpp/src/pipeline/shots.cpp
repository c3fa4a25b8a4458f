#include "pipeline/shots.hpp"

#include <algorithm>
#include <utility>

namespace facecap {
namespace {

constexpr int kPrepared =
    16;  // slots that have their pixels from the start, the others from their first shot

}  // namespace

Shots::Shots(int slots, Size crop) : crop_(crop), shots_(static_cast<std::size_t>(slots)) {
  const std::size_t bytes = std::size_t{3} * crop.width * crop.height;
  for (int slot = 0; slot < std::min(slots, kPrepared); ++slot) (*this)[slot].crop.pixels.reserve(bytes);
}

void Shots::begin(std::size_t stores) {
  stored_.clear();
  stored_.reserve(stores);
  if (spare_.size() < stores) spare_.resize(stores);
}

Shot& Shots::draft() {
  Shot& shot = spare_[stored_.size()];
  shot.crop.width = crop_.width;
  shot.crop.height = crop_.height;
  shot.crop.pixels.resize(std::size_t{3} * crop_.width * crop_.height);
  shot.mask = {};
  return shot;
}

void Shots::store(int slot) noexcept {
  std::swap((*this)[slot], spare_[stored_.size()]);
  stored_.push_back(slot);
}

void Shots::undo() noexcept {
  while (!stored_.empty()) {
    const int slot = stored_.back();
    stored_.pop_back();
    std::swap((*this)[slot], spare_[stored_.size()]);
  }
}

}  // namespace facecap
