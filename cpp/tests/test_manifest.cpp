#include "check.hpp"
#include "facecap/error.hpp"
#include "facecap/manifest.hpp"
#include "manifests.hpp"
#include "runtime/model_file.hpp"
#include "runtime/sha256.hpp"

using facecap::Manifest;
using facecap::ModelError;
using manifests::with;

namespace {

Manifest parse(const std::string& json) {
  return Manifest::parse(json, "m.json");
}

}  // namespace

TEST(sha256_agrees_with_the_standard) {
  const auto hash = [](const std::string& text, std::size_t piece) {
    facecap::Sha256 sha256;
    for (std::size_t at = 0; at < text.size(); at += piece)
      sha256.update(text.data() + at, std::min(piece, text.size() - at));
    return sha256.hex();
  };
  EXPECT_EQ(hash("", 1), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(hash("abc", 3), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  const std::string million(1000000, 'a');
  for (const std::size_t piece : {1u, 63u, 64u, 65u, 1000000u})
    EXPECT_EQ(hash(million, piece), "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST(manifest_of_a_mask_classifier) {
  const Manifest manifest = parse(manifests::mask());
  EXPECT(manifest.task == facecap::Task::mask);
  EXPECT_EQ(manifest.name, "tiny");
  EXPECT_EQ(manifest.bytes, 10u);
  EXPECT_EQ(manifest.chip, "");
  EXPECT_EQ(manifest.input.size.width, 112);
  EXPECT(manifest.input.normalization.color == facecap::ColorOrder::rgb);
  EXPECT_EQ(manifest.input.normalization.mean[1], 127.5f);
  EXPECT_EQ(manifest.outputs[0].role, "logits");
  EXPECT_EQ(manifest.classifier->mask_class, 1);
  EXPECT_EQ(manifest.classifier->unknown[1], 0.7f);
  EXPECT(!manifest.detector && !manifest.embedder);
  EXPECT_EQ(parse(with(manifests::mask(), R"(["no_mask", "mask"])", R"(["mask", "no_mask"])"))
                .classifier->mask_class,
            0);
}

TEST(manifest_of_a_mask_classifier_of_three_classes) {
  const facecap::ClassifierSpec spec = *parse(manifests::mask_of_three()).classifier;
  EXPECT_EQ(spec.classes.size(), 3u);
  EXPECT_EQ(spec.mask_class, 0);
  EXPECT_EQ(spec.incorrect_class, 2);
  EXPECT_EQ(parse(manifests::mask("softmax")).classifier->incorrect_class, -1);
}

TEST(manifest_of_a_classifier_of_any_classes) {
  const Manifest manifest = parse(manifests::classification());
  EXPECT(manifest.task == facecap::Task::classification);
  EXPECT_EQ(std::string(facecap::to_string(manifest.task)), "classification");
  EXPECT_EQ(manifest.classifier->classes.size(), 3u);
  EXPECT_EQ(manifest.classifier->classes[2], "horse");
  EXPECT(manifest.classifier->output == facecap::ClassifierSpec::Output::softmax);
}

TEST(manifest_of_a_refiner) {
  const Manifest manifest = parse(manifests::refiner());
  EXPECT(manifest.task == facecap::Task::face_refinement);
  EXPECT_EQ(std::string(facecap::to_string(manifest.task)), "face_refinement");
  EXPECT_EQ(manifest.refiner->crop_border, 0.25f);
  EXPECT_EQ(manifest.refiner->not_a_face, 0.1f);
  EXPECT_EQ(manifest.outputs.size(), 3u);
}

TEST(manifest_of_a_detector) {
  const Manifest manifest = parse(manifests::detector("levels", "native"));
  EXPECT_EQ(manifest.detector->family, "retinaface");
  EXPECT_EQ(manifest.outputs[1].stride, 16);
  EXPECT_EQ(manifest.input.multiple, 32);
  EXPECT_EQ(parse(manifests::detector("concatenated", "fixed")).outputs[2].role, "landmarks");
}

TEST(manifest_of_a_detector_of_each_family) {
  EXPECT_EQ(parse(manifests::family("yunet")).detector->family, "yunet");
  EXPECT_EQ(parse(manifests::family("scrfd", R"(, "anchors": 2)")).detector->family, "scrfd");
  const std::string named = with(manifests::detector("levels", "native"), R"("detector": {)",
                                 R"("detector": {"family": "retinaface", )");
  EXPECT_EQ(parse(named).detector->family, "retinaface");
}

TEST(manifest_refuses_keys_that_a_family_does_not_know) {
  EXPECT_THROWS(ModelError, parse(manifests::family("yolo")),
                "detector.family: found 'yolo', wanted one of: retinaface, yunet, scrfd");
  EXPECT_THROWS(ModelError, parse(manifests::family("yunet", R"(, "anchors": 2)")),
                "unknown key 'detector.anchors'");
  EXPECT_THROWS(ModelError, parse(manifests::family("yunet", R"(, "variances": [0.1, 0.2])")),
                "unknown key 'detector.variances'");
  EXPECT_THROWS(ModelError, parse(manifests::family("scrfd")), "'detector.anchors' is missing");
  EXPECT_THROWS(ModelError, parse(manifests::family("scrfd", R"(, "anchors": 0)")), "from 1 to 16");
  EXPECT_THROWS(ModelError, parse(with(manifests::family("yunet"), R"("levels")", R"("concatenated")")),
                "detector.form: found 'concatenated'");
  EXPECT_THROWS(ModelError, parse(manifests::family("retinaface")), "'detector.min_sizes' is missing");
}

TEST(manifest_names_file_key_found_and_wanted) {
  const std::string mask = manifests::mask();
  EXPECT_THROWS(ModelError, parse("{"), "m.json: not a JSON text: line 1");
  EXPECT_THROWS(ModelError, parse("[]"), "m.json: manifest: found an array of 0, wanted an object");
  EXPECT_THROWS(ModelError, parse(with(mask, R"("width": 112)", R"("width": 0)")),
                "m.json: input.width: found 0, wanted a whole number from 1 to 8192");
  EXPECT_THROWS(ModelError, parse(with(mask, R"("width": 112)", R"("width": 112.5)")), "found 112.5");
  EXPECT_THROWS(ModelError, parse(with(mask, R"("width": 112)", R"("width": "112")")), "found '112'");
  EXPECT_THROWS(ModelError, parse(with(mask, R"("width")", R"("widht")")),
                "the key 'input.width' is missing");
  EXPECT_THROWS(ModelError, parse(with(mask, R"("fit")", R"("depth": 3, "fit")")),
                "unknown key 'input.depth'");
  EXPECT_THROWS(ModelError, parse(with(mask, R"("rgb")", R"("grey")")),
                "input.color: found 'grey', wanted one of: rgb, bgr");
  EXPECT_THROWS(ModelError, parse(with(mask, std::string(64, 'a'), std::string(64, 'A'))), "hexadecimal");
  EXPECT_THROWS(ModelError, parse(with(mask, R"("schema": 1)", R"("schema": 2)")), "schema: found 2");
  EXPECT_THROWS(ModelError, parse(with(mask, R"("classifier")", R"("embedder": {}, "classifier")")),
                "unknown key 'embedder'");
}

TEST(manifest_refuses_what_does_not_go_together) {
  const std::string mask = manifests::mask();
  const std::string levels = manifests::detector("levels", "native");
  const std::string rows = manifests::detector("concatenated", "fixed");
  EXPECT_THROWS(ModelError, parse(with(mask, "[0.3, 0.7]", "[0.7, 0.3]")),
                "classifier.unknown: found an array of 2, wanted numbers that do not descend");
  EXPECT_THROWS(ModelError, parse(with(mask, R"("no_mask", "mask")", R"("mask", "mask")")),
                "classifier.classes");
  const std::string three = manifests::mask_of_three();
  EXPECT_THROWS(ModelError, parse(with(three, "softmax", "sigmoid")),
                "classifier.classes: found an array of 3, wanted an array of 2");
  EXPECT_THROWS(ModelError, parse(with(three, R"("no_mask", )", "")),
                "classifier.classes: found an array of 2, wanted each of these: no_mask, mask");
  EXPECT_THROWS(ModelError, parse(with(three, R"("incorrect")", R"("half")")),
                "classifier.classes[2]: found 'half', wanted one of: no_mask, mask, incorrect");
  EXPECT_THROWS(ModelError, parse(manifests::classification(R"(["cat", "dog", "cat"])")), "'cat' only once");
  EXPECT_THROWS(ModelError, parse(manifests::classification(R"(["cat"])")), "wanted an array of 2 to 65536");
  EXPECT_THROWS(ModelError, parse(manifests::classification(R"(["cat", ""])")), "classifier.classes[1]");
  EXPECT_THROWS(ModelError, parse(with(manifests::classification(), "softmax", "sigmoid")),
                "classifier.output: found 'sigmoid'");
  EXPECT_THROWS(ModelError,
                parse(with(manifests::classification(), R"("output")", R"("crop_border": 0.1, "output")")),
                "unknown key 'classifier.crop_border'");
  EXPECT_THROWS(ModelError, parse(with(mask, R"("logits")", R"("boxes")")), "outputs[0].role: found 'boxes'");
  const std::string refiner = manifests::refiner();
  EXPECT_THROWS(ModelError, parse(with(refiner, R"("role": "blur")", R"("role": "face")")),
                "outputs: found an array of 3, wanted each of these once: face, points, blur");
  EXPECT_THROWS(ModelError, parse(with(refiner, "0.1}", "1.1}")), "refiner.not_a_face: found 1.1");
  EXPECT_THROWS(ModelError, parse(with(refiner, R"("fit": "fixed")", R"("fit": "native", "multiple": 32)")),
                "input.fit: found 'native', wanted one of: fixed");
  EXPECT_THROWS(ModelError, parse(with(levels, "[8, 16]", "[16, 8]")), "ascending");
  EXPECT_THROWS(ModelError, parse(with(levels, "[[10, 20], [32, 64]]", "[[10, 20]]")),
                "one list for each of the 2");
  EXPECT_THROWS(ModelError, parse(with(levels, R"("stride": 16)", R"("stride": 8)")),
                "wanted each of these once: level of stride 8, level of stride 16");
  EXPECT_THROWS(ModelError, parse(with(rows, R"("scores")", R"("boxes")")),
                "wanted each of these once: boxes, scores, landmarks");
  EXPECT_THROWS(ModelError, parse(with(rows, R"("fixed")", R"("native")")), "'input.multiple' is missing");
}

TEST(manifest_keeps_notes_but_checks_their_form) {
  const auto noted = [](const std::string& notes) {
    return with(manifests::mask(), R"("licence")", notes + R"(, "licence")");
  };
  parse(noted(R"("training": {"seed": 1, "anything": [1, {}]}, "figures": [])"));
  parse(
      noted(R"("figures": [{"measure": "AP", "dataset": "val", "value": 0.99, "command": "facecap eval"}])"));
  EXPECT_THROWS(ModelError, parse(noted(R"("training": 3)")), "training: found 3, wanted an object");
  parse(noted(R"("conversion": {"precision": "int8"})"));
  EXPECT_THROWS(ModelError, parse(noted(R"("conversion": "int8")")), "conversion: found");
  EXPECT_THROWS(ModelError, parse(noted(R"("figures": [{"measure": "AP"}])")),
                "'figures[0].dataset' is missing");
}

TEST(manifest_lies_beside_its_model) {
  EXPECT_EQ(facecap::manifest_path("a/b.onnx"), "a/b.json");
  EXPECT_EQ(facecap::manifest_path("a.b/c"), "a.b/c.json");
  EXPECT_EQ(facecap::manifest_path("a.b.onnx"), "a.b.json");
  EXPECT_EQ(facecap::manifest_path("a/.hidden"), "a/.hidden.json");
  EXPECT_THROWS(ModelError, Manifest::load("/nowhere/x.json"), "/nowhere/x.json: no manifest");
}
