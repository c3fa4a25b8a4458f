#pragma once

#include <string>
#include <vector>

#include "runtime/onnx/api.hpp"

namespace facecap::onnx {

/// What ONNX Runtime can compute with, where its library was built for it.
struct Provider {
  const char* name;      // as users say it
  const char* own_name;  // as the library says it, without "ExecutionProvider" behind it
  const char* advice;    // how to get a library that has it
};

/// All that are known here, "cpu" first.
const std::vector<Provider>& providers();

/// Throws std::invalid_argument where no provider has this name.
const Provider& provider_named(const std::string& name);

bool is_cpu(const Provider& provider);
std::string full_name(const Provider& provider);

/// The names of those that a library has; that it starts is not said.
std::vector<std::string> providers_of(const Library& library);

/// Has sessions of these options compute with a provider, and the processor with what that does not take.
/// Throws ModelError where the library has no such provider or it does not start.
void append_provider(const Library& library, Options* options, const Provider& provider, int threads);

/// The full names of what computes a session that was made with a provider: that alone, or the processor
/// behind it. Throws ModelError where the provider took no part of the network.
std::vector<std::string> at_work_in(const Library& library, const SessionHandle* session,
                                    const Provider& provider, const std::string& label);

}  // namespace facecap::onnx
