#pragma once

#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "facecap/capture_gate.hpp"

// Typed tuples, so that the stubs say what is inside.
using Event = std::tuple<std::string, std::int64_t, std::int64_t, std::int64_t, int, float>;
using Step = std::tuple<std::vector<int>, std::vector<Event>, std::vector<std::optional<std::string>>>;

std::vector<Event> events_of(const std::vector<facecap::CaptureEvent>& events);
Step step_of(const facecap::GateStep& step);
