// Findings with every field filled, and a candidate that was refused, for the tests of all forms of a report.
#pragma once

#include "bench/findings.h"

namespace bw::test {

inline Figure figure(double value, Unit unit, double spread = 0) {
  Figure figure{.value = value, .interval = {}, .n = 400, .unit = unit, .reason = {}};
  if (spread > 0) figure.interval = Interval{value - spread, value + spread};
  return figure;
}

inline Figure missing(Unit unit, std::string reason) {
  return {.value = {}, .interval = {}, .n = {}, .unit = unit, .reason = std::move(reason)};
}

inline ModelFigures model_figures(double accuracy, double seconds, double bytes, double ratio) {
  return {.accuracy = figure(accuracy, Unit::Fraction, 0.005),
          .inference_time = figure(seconds, Unit::Seconds, seconds / 100),
          .memory_usage = figure(48.2e6, Unit::Bytes),
          .model_size = figure(bytes, Unit::Bytes),
          .compression_ratio = figure(ratio, Unit::Ratio),
          .hardware_utilization = figure(0.94, Unit::Fraction, 0.01)};
}

inline CandidateFindings measured_candidate() {
  CandidateFindings c;
  c.name = "int8-static-mse";
  c.recipe = "int8-static(observer=mse)";
  c.method = "ptq_8bit";
  c.target = "onnxruntime-cpu";
  c.hardware_target = "cpu";
  c.runtime = "onnxruntime";
  c.command = "bitwright quantize resnet20.onnx --recipe 'int8-static(observer=mse)'";
  c.notes = {"Calibrated with 512 samples instead of 1000: the split has no more."};
  c.artifact = ArtifactFile{"candidates/int8-static-mse/resnet20.onnx", 301220, std::string(64, 'a'),
                            {{"candidates/int8-static-mse/resnet20.onnx", 301220, std::string(64, 'a')}}};
  c.original = model_figures(0.9217, 1.93e-3, 1098452, 1);
  c.quantized = model_figures(0.9204, 0.854e-3, 301220, 0.2742);
  c.accuracy_retention = figure(0.99859, Unit::Ratio, 0.003);
  c.speedup_factor = figure(2.262, Unit::Ratio, 0.04);
  c.memory_reduction = figure(0.13, Unit::Fraction);
  const LatencyFigures times{figure(1.9e-3, Unit::Seconds, 1e-5), figure(2e-3, Unit::Seconds),
                             figure(3e-3, Unit::Seconds), figure(0.012, Unit::Seconds)};
  c.latency = LatencyComparison{figure(0.442, Unit::Ratio, 0.008), Verdict::Better, times, times, {"twin"}};
  OutputFindings logits{.name = "logits", .measure = "agreement"};
  logits.agreement = figure(0.985, Unit::Fraction, 0.002);
  logits.sqnr = missing(Unit::Decibel, "The outputs are equal.");
  logits.fidelity = figure(0.97, Unit::Fraction, 0.001);
  logits.elements = 100000;
  const MetricFindings top1{.name = "top1",
                            .output = "logits",
                            .original = figure(0.9217, Unit::Fraction, 0.005),
                            .quantized = figure(0.9204, Unit::Fraction, 0.005),
                            .difference = figure(-0.0013, Unit::Fraction, 0.001),
                            .verdict = Verdict::Worse};
  c.accuracy = AccuracyComparison{.metrics = {top1},
                                  .mcnemar = McNemarTest{.b = 40, .c = 27, .p = 0.14, .mid_p = 0.12},
                                  .agreement = logits.agreement,
                                  .sqnr = logits.sqnr,
                                  .outputs = {logits},
                                  .decided_by = "top1",
                                  .decided_on = "logits"};
  c.achieved = AchievedRates{figure(41e9, Unit::OperationsPerSecond), figure(4e9, Unit::BytesPerSecond),
                             figure(0.3, Unit::Fraction), figure(0.2, Unit::Fraction)};
  c.float_nodes = {{"softmax", "Softmax", "no integer kernel"}};
  c.layers_quantized = 21;
  c.layers_total = 22;
  c.seconds = {.calibrate = 1.5, .quantize = 0.1, .evaluate = 12, .latency = std::nullopt};
  return c;
}

inline CandidateFindings refused_candidate() {
  CandidateFindings c;
  c.name = "weight-only-4";
  c.recipe = "weight-only(bits=4)";
  c.method = "ptq_4bit";
  c.target = "onnxruntime-cpu";
  c.hardware_target = "cpu";
  c.runtime = "onnxruntime";
  c.status = Status::Refused;
  c.reason = "The model has no MatMul with constant weights.";
  return c;
}

inline Findings sample_findings() {
  ModelFindings m;
  m.name = "resnet20";
  m.path = "zoo/resnet20.onnx";
  m.sha256 = std::string(64, 'b');
  m.runtime = "onnxruntime";
  m.bytes = 1098452;
  m.nodes = 71;
  m.opset = 17;
  m.architecture.type = "cnn";
  m.architecture.parameters = 269722;
  m.compatibility = {{"ptq_4bit", false}, {"ptq_8bit", true}};
  m.recommended_methods = {"int8-static"};
  m.dataset_name = "cifar10";
  m.dataset_path = "zoo/cifar10/dataset.yaml";
  m.task = "classification";
  m.metric = "top1";
  m.calibration_samples = 512;
  m.evaluation_samples = 10000;
  m.doubts = {"The labels may be in another order."};
  m.guessed = {"Layout NCHW, from the input's shape."};
  m.original = model_figures(0.9217, 1.93e-3, 1098452, 1);
  m.control =
      Control{figure(1.002, Unit::Ratio, 0.009), Verdict::Same, 0.011, "other processes used 0.9 of its 2 processors"};
  m.candidates = {measured_candidate(), refused_candidate()};
  m.pareto = {"int8-static-mse"};
  m.recommended = {"int8-static-mse",
                   "Ship int8-static-mse: 2.26 times faster, and 0.13 points less.",
                   {{"fp16", "Half the size."}}};

  Findings f;
  f.created = "2026-11-21T16:20:05Z";
  f.command = "bitwright bench zoo/resnet20.onnx --data zoo/cifar10";
  f.environment = {.cpu = "Some CPU",
                   .flags = {"avx2"},
                   .cores = 2,
                   .memory_bytes = 16600000000,
                   .kernel = "Linux 6.1",
                   .bitwright = "0.1.0",
                   .runtimes = {{"onnxruntime", "1.31.1"}},
                   .threads = 1,
                   .seed = 0};
  f.constraints = {.accuracy_threshold = 0.95, .max_latency_ratio = std::nullopt, .max_size = 6000000};
  f.models = {m};
  return f;
}

}  // namespace bw::test
