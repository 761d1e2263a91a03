// The fields of a Map, in both modes.

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "orchestrator/asl/state_parser.h"
#include "orchestrator/asl/validator.h"

namespace orderflow::asl {
namespace {

using json::Value;

// The service's limit on labels.
constexpr size_t kMaxLabelCharacters = 40;

// What a label may not hold, as it becomes part of an ARN.
bool IsLabelCharacter(uint32_t c) {
  if (c <= 0x20 || (c >= 0x7f && c <= 0x9f)) return false;
  return c >= 0x80 || std::string_view("?*<>{}[]:;,\\|^~$#%&`\"").find(static_cast<char>(c)) ==
                          std::string_view::npos;
}

// What is wrong with a label, or nothing. The text is UTF-8, as all texts of a definition are.
std::string ProblemOfLabel(std::string_view label) {
  size_t characters = 0;
  for (size_t at = 0; at < label.size(); ++characters) {
    const auto lead = static_cast<unsigned char>(label[at]);
    const size_t size = lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
    uint32_t c = size == 1 ? lead : lead & (0x3fu >> (size - 1));
    for (size_t i = 1; i < size && at + i < label.size(); ++i)
      c = c << 6 | (static_cast<unsigned char>(label[at + i]) & 0x3fu);
    if (!IsLabelCharacter(c)) return "has a character that is not allowed";
    at += size;
  }
  if (characters == 0) return "cannot be empty";
  if (characters > kMaxLabelCharacters)
    return "exceeds the 40-character limit allowed by the service";
  return "";
}

// What only a distributed Map may have.
constexpr std::string_view kDistributedFields[] = {"ItemReader",
                                                   "ItemBatcher",
                                                   "ResultWriter",
                                                   "Label",
                                                   "ToleratedFailureCount",
                                                   "ToleratedFailureCountPath",
                                                   "ToleratedFailurePercentage",
                                                   "ToleratedFailurePercentagePath"};

}  // namespace

MapState StateParser::ReadMap(ObjectReader& reader, const State& state) {
  MapState map;
  map.items = state.language->CompileItemFlow(reader);
  map.max_concurrency = state.language->CompileField("MaxConcurrency", FieldType::kCount, reader);
  // Iterator is what older definitions say.
  reader.CheckChoiceOf({"ItemProcessor", "Iterator"}, /*needed=*/true);
  const bool is_old = reader.Has("Iterator");
  const std::string_view name = is_old ? "Iterator" : "ItemProcessor";
  reader.Take(is_old ? "ItemProcessor" : "Iterator");
  const Value* json = reader.TakeObject(name);
  if (json == nullptr) return map;
  ObjectReader processor(*json, reader.LocationOf(name), diagnostics_);
  ReadProcessor(processor, map, reader, state);
  return map;
}

void StateParser::ReadProcessor(ObjectReader& processor, MapState& map, ObjectReader& fields,
                                const State& state) {
  processor.Require({"States", "StartAt"});
  std::string mode = "INLINE";
  std::string type = "STANDARD";
  if (const Value* json = processor.TakeObject("ProcessorConfig")) {
    ObjectReader config(*json, processor.LocationOf("ProcessorConfig"), diagnostics_);
    mode = config.TakeOneOf("Mode", {"INLINE", "DISTRIBUTED"}).value_or(mode);
    if (mode == "DISTRIBUTED") {
      type = config.TakeOneOf("ExecutionType", {"STANDARD", "EXPRESS"}).value_or(type);
      config.Require({"ExecutionType"});
      if (express_) {
        config.ErrorAt("Mode",
                       "The field 'Mode' with value 'DISTRIBUTED' is not supported inside "
                       "'EXPRESS' state machines");
      }
    }
    config.ReportUnknown();
  }
  const std::string comment = processor.TakeText("Comment").value_or("");
  if (mode != "DISTRIBUTED") {
    map.processor = ParseGraph(processor, *language_);
    for (const std::string_view name : kDistributedFields) {
      if (fields.Has(name)) {
        fields.ErrorAt(name, "The field '" + std::string(name) +
                                 "' is allowed in a Map in mode DISTRIBUTED only");
      }
      fields.Take(name);
    }
  } else {
    // What runs in child executions starts from nothing: its graph is a machine of its own.
    StateMachine::Parts parts;
    parts.comment = comment;
    parts.query_language = std::string(language_->name());
    parts.definition = processor.object();
    const bool express = std::exchange(express_, type == "EXPRESS");
    parts.graph = ParseGraph(processor, *language_);
    CheckVariableScopes(parts.graph, processor.location(), diagnostics_);
    express_ = express;
    map.distributed = ReadDistributed(fields, state, std::move(parts), type == "EXPRESS");
  }
  processor.ReportUnknown();
}

std::unique_ptr<const DistributedMap> StateParser::ReadDistributed(ObjectReader& reader,
                                                                   const State& state,
                                                                   StateMachine::Parts parts,
                                                                   bool express) {
  if (!options_.distributed_maps) {
    reader.Error("A Map in mode DISTRIBUTED is not supported by this engine",
                 "use mode INLINE, or start executions with states:startExecution");
  }
  const QueryLanguage& language = *state.language;
  auto map = std::make_unique<DistributedMap>();
  map->express = express;
  map->tolerated_failure_count =
      language.CompileField("ToleratedFailureCount", FieldType::kCount, reader);
  map->tolerated_failure_percentage =
      language.CompileField("ToleratedFailurePercentage", FieldType::kPercentage, reader);
  for (const char* needs_s3 : {"ItemReader", "ResultWriter"}) {
    if (reader.Take(needs_s3) == nullptr || options_.reads_and_writes_for_maps) continue;
    reader.ErrorAt(needs_s3,
                   std::string(needs_s3) + " needs Amazon S3, which this engine does not have",
                   "take the items from the state's input with ItemsPath, and its output as the "
                   "result");
  }
  if (const Value* items = reader.TakeObject("ItemReader")) map->item_reader = *items;
  map->writes_results = reader.Has("ResultWriter");
  if (const Value* batcher = reader.TakeObject("ItemBatcher")) {
    ObjectReader fields(*batcher, reader.LocationOf("ItemBatcher"), diagnostics_);
    map->batches = true;
    map->batch_input = language.CompileTemplate("BatchInput", fields);
    map->max_items_per_batch = language.CompileField("MaxItemsPerBatch", FieldType::kCount, fields);
    map->max_bytes_per_batch =
        language.CompileField("MaxInputBytesPerBatch", FieldType::kCount, fields);
    if (map->max_items_per_batch == nullptr && map->max_bytes_per_batch == nullptr) {
      fields.Error(
          "At least one of these fields is required: [MaxItemsPerBatch, MaxInputBytesPerBatch]");
    }
    fields.ReportUnknown();
  }
  if (const std::optional<std::string> label = reader.TakeText("Label")) {
    const std::string problem = ProblemOfLabel(*label);
    if (!problem.empty()) {
      diagnostics_.Error(kInvalidLabelName, reader.LocationOf("Label"),
                         "Invalid Label name: Label '" + *label + "' " + problem);
    } else if (!labels_.insert(*label).second) {
      diagnostics_.Error(kDuplicateLabelName, reader.LocationOf("Label"),
                         "Duplicate Label name: " + *label);
    }
    map->label = *label;
  }
  map->processor = std::make_shared<const StateMachine>(std::move(parts));
  return map;
}

}  // namespace orderflow::asl
