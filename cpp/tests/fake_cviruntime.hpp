#pragma once

#include <string>
#include <vector>

#include "runtime/cvimodel/abi.hpp"

/// What the library of fake_cviruntime.cpp does and what was done to it; a test sets and reads it.
struct FakeCviruntime {
  using Tensors = std::vector<facecap::cvimodel::VendorTensor>;

  facecap::cvimodel::ReturnCode register_code = 0;
  facecap::cvimodel::ReturnCode tensors_code = 0;
  facecap::cvimodel::ReturnCode memory_code = 0;
  facecap::cvimodel::ReturnCode forward_code = 0;
  bool gives_model = true;
  bool gives_tensors = true;
  Tensors inputs;
  Tensors outputs;
  std::string prints;  // by every call that loads or runs
  void (*compute)(const facecap::cvimodel::VendorTensor* inputs,
                  facecap::cvimodel::VendorTensor* outputs) = nullptr;

  std::vector<std::string> calls;
  std::vector<const void*> memory;  // handed in, in order
  int open = 0;                     // models that are held
  int running = 0;                  // forwards at this moment
  bool overlapped = false;          // whether there were two at once
};
