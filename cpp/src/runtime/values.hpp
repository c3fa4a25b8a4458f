#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace facecap {

// Values as they stand in a file or behind a flag.

/// A finite decimal number; none where the text is not one.
std::optional<double> number_in(const std::string& text);

// These throw std::invalid_argument: "'found', wanted ...".

double read_number(const std::string& text);
std::int64_t read_whole(const std::string& text, std::int64_t lowest, std::int64_t highest);
bool read_switch(const std::string& text);

[[noreturn]] void refuse_value(const std::string& found, const std::string& wanted);

std::string to_lower(std::string text);

}  // namespace facecap
