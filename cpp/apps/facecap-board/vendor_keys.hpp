#pragma once

#include <string>
#include <vector>

namespace facecap::board {

enum class VendorUnit { same, radians, quarter_turns, mode, method, on_off };

/// A name that the vendor's tools use (specification 2.1, with those of older generations).
struct VendorKey {
  const char* name;
  const char* means;  // the public name; nullptr: without effect here
  VendorUnit unit;
};

const VendorKey* find_vendor_key(const std::string& name);  // nullptr where there is none

/// The value in the unit of the public name. Throws std::invalid_argument.
std::string from_vendor(VendorUnit unit, const std::string& value);

/// Whether the mode, a name or the vendor's number, is this one.
bool is_cycle(const std::string& mode);

// Older files give both of these and mean the one of their mode.
bool is_interval_of_fast(const std::string& name);
bool is_interval_of_cycle(const std::string& name);

}  // namespace facecap::board
