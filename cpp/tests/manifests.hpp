#pragma once

#include <string>

// Manifests that several tests start from.

namespace manifests {

/// `text` with the first `from` replaced.
inline std::string with(std::string text, const std::string& from, const std::string& to) {
  return text.replace(text.find(from), from.size(), to);
}

inline std::string common(const std::string& task, const std::string& input, const std::string& outputs,
                          const std::string& section) {
  return R"({"schema": 1, "name": "tiny", "architecture": "none", "task": ")" + task +
         R"(", "file": {"sha256": ")" + std::string(64, 'a') + R"(", "bytes": 10}, "input": )" + input +
         R"(, "outputs": )" + outputs + ", " + section + R"(, "licence": "MIT", "origin": "made here"})";
}

inline std::string input(int width, int height, const std::string& fit) {
  return R"({"name": "x", "width": )" + std::to_string(width) + R"(, "height": )" + std::to_string(height) +
         R"(, "fit": ")" + fit +
         R"(", "color": "rgb", "mean": [127.5, 127.5, 127.5], "std": [127.5, 127.5, 127.5])" +
         (fit == "native" ? R"(, "multiple": 32})" : "}");
}

inline std::string mask(const std::string& output = "sigmoid", int side = 112) {
  return common("mask", input(side, side, "fixed"), R"([{"role": "logits", "name": "y"}])",
                R"("classifier": {"output": ")" + output +
                    R"(", "classes": ["no_mask", "mask"], "unknown": [0.3, 0.7], "crop_border": 0.15})");
}

inline std::string refiner(int side = 112) {
  return common(
      "face_refinement", input(side, side, "fixed"),
      R"([{"role": "face", "name": "f"}, {"role": "points", "name": "p"}, {"role": "blur", "name": "b"}])",
      R"("refiner": {"crop_border": 0.25, "not_a_face": 0.1})");
}

inline std::string classification(const std::string& classes = R"(["cat", "dog", "horse"])") {
  return common("classification", input(64, 64, "fixed"), R"([{"role": "logits", "name": "y"}])",
                R"("classifier": {"output": "softmax", "classes": )" + classes + "}");
}

inline std::string embedding(int dimensions) {
  return common("face_embedding", input(112, 112, "fixed"), R"([{"role": "embedding", "name": "y"}])",
                R"("embedder": {"dimensions": )" + std::to_string(dimensions) + R"(, "same_person": 0.5})");
}

/// Strides 8 and 16 with two priors each.
inline std::string detector(const std::string& form, const std::string& fit) {
  const std::string outputs =
      form == "levels"
          ? R"([{"role": "level", "name": "p3", "stride": 8}, {"role": "level", "name": "p4", "stride": 16}])"
          : R"([{"role": "boxes", "name": "b"}, {"role": "scores", "name": "s"}, {"role": "landmarks", "name": "l"}])";
  return common(
      "face_detection", input(320, 240, fit), outputs,
      R"("detector": {"strides": [8, 16], "min_sizes": [[10, 20], [32, 64]], "variances": [0.1, 0.2],)"
      R"( "form": ")" +
          form + R"(", "score_threshold": 0.5, "nms_iou": 0.4})");
}

/// Strides 8 and 16; `more` are the keys that the family alone has.
inline std::string family(const std::string& name, const std::string& more = "",
                          const std::string& fit = "native") {
  return common(
      "face_detection", input(320, 240, fit),
      R"([{"role": "level", "name": "p3", "stride": 8}, {"role": "level", "name": "p4", "stride": 16}])",
      R"("detector": {"family": ")" + name + R"(", "form": "levels", "strides": [8, 16])" + more +
          R"(, "score_threshold": 0.5, "nms_iou": 0.4})");
}

/// Of three classes: `mask`, `no_mask` and `incorrect`, in this order.
inline std::string mask_of_three(int side = 112) {
  return with(mask("softmax", side), R"(["no_mask", "mask"])", R"(["mask", "no_mask", "incorrect"])");
}

}  // namespace manifests
