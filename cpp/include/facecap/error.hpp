#pragma once

#include <stdexcept>
#include <string>
#include <utility>

namespace facecap {

/// Any failure that is not a bad argument. Bad arguments are std::invalid_argument.
class Error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// A model that cannot be used: names the file, what was found and what was expected.
class ModelError : public Error {
 public:
  explicit ModelError(const std::string& text, std::string details = "")
      : Error(text), details_(std::move(details)) {}
  /// What the runtime itself said, for a log; often empty.
  const std::string& details() const { return details_; }

 private:
  std::string details_;
};

}  // namespace facecap
