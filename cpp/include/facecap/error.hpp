#pragma once

#include <stdexcept>
#include <string>

namespace facecap {

/// Any failure that is not a bad argument. Bad arguments are std::invalid_argument.
class Error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// A model that cannot be used: names the file, what was found and what was expected.
class ModelError : public Error {
 public:
  using Error::Error;
};

}  // namespace facecap
