#include "orchestrator/tasks/type_set.h"

#include <optional>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "common/base/nearest_word.h"

namespace orderflow::tasks {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::DescriptorPool;
using google::protobuf::FileDescriptor;
using google::protobuf::FileDescriptorProto;
using google::protobuf::FileDescriptorSet;
using google::protobuf::MethodDescriptor;
using google::protobuf::ServiceDescriptor;

// Keeps the first problem.
class FirstError final : public DescriptorPool::ErrorCollector {
 public:
  void AddError(const std::string& filename, const std::string& element,
                const google::protobuf::Message*, ErrorLocation,
                const std::string& message) override {
    if (text_.empty()) text_ = absl::StrCat(filename, ": ", element, ": ", message);
  }
  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

// Puts files into a pool, each after what it imports.
class PoolBuilder {
 public:
  PoolBuilder(const FileDescriptorSet& files, DescriptorPool& pool) : pool_(pool) {
    for (const FileDescriptorProto& file : files.file()) files_.emplace(file.name(), &file);
  }

  absl::Status AddAll() {
    for (const auto& [name, file] : files_) {
      if (absl::Status status = Add(*file, 0); !status.ok()) return status;
    }
    return absl::OkStatus();
  }

 private:
  // Longer chains of imports, and circles, are refused.
  static constexpr int kMaxDepth = 200;

  absl::Status Add(const FileDescriptorProto& file, int depth) {
    if (pool_.FindFileByName(file.name()) != nullptr) return absl::OkStatus();
    if (depth > kMaxDepth)
      return absl::InvalidArgumentError(absl::StrCat(file.name(), ": imports go in a circle"));
    for (const std::string& import : file.dependency()) {
      if (absl::Status status = AddImport(file.name(), import, depth); !status.ok()) return status;
    }
    FirstError errors;
    if (pool_.BuildFileCollectingErrors(file, &errors) != nullptr) return absl::OkStatus();
    return absl::InvalidArgumentError(errors.text());
  }

  absl::Status AddImport(const std::string& importer, const std::string& name, int depth) {
    auto given = files_.find(name);
    if (given != files_.end()) return Add(*given->second, depth + 1);
    // The files of google.protobuf are in every Protobuf library.
    const FileDescriptor* linked = DescriptorPool::generated_pool()->FindFileByName(name);
    if (linked == nullptr || linked->package() != "google.protobuf") {
      return absl::InvalidArgumentError(
          absl::StrCat(importer, " imports ", name, ", which is missing"));
    }
    FileDescriptorProto copy;
    linked->CopyTo(&copy);
    return Add(copy, depth + 1);
  }

  DescriptorPool& pool_;
  absl::flat_hash_map<std::string, const FileDescriptorProto*> files_;
};

MethodBinding::Codecs MakeCodecs(const MethodDescriptor& method, protojson::Options::Names names) {
  // A task's input often carries more than the service asks for, as it may for a Lambda function.
  return {.request = protojson::MessageCodec::Create(*method.input_type(),
                                                     {.names = names, .ignore_unknown = true}),
          .response = protojson::MessageCodec::Create(*method.output_type(), {.names = names})};
}

// "; did you mean CheckInventory?", or nothing.
std::string Suggestion(const ServiceDescriptor& service, const std::string& method) {
  std::vector<std::string> names;
  for (int i = 0; i < service.method_count(); ++i) names.push_back(service.method(i)->name());
  const std::optional<std::string> nearest = NearestWord(method, names);
  return nearest.has_value() ? absl::StrCat("; did you mean ", *nearest, "?") : "";
}

}  // namespace

absl::StatusOr<std::shared_ptr<const TypeSet>> TypeSet::Create(const FileDescriptorSet& files) {
  std::shared_ptr<TypeSet> types(new TypeSet());
  if (absl::Status status = PoolBuilder(files, types->pool_).AddAll(); !status.ok()) return status;
  return types;
}

const ServiceDescriptor* TypeSet::FindService(std::string_view full_name) const {
  return pool_.FindServiceByName(std::string(full_name));
}

const google::protobuf::Message& TypeSet::Prototype(const Descriptor& type) const {
  return *factory_.GetPrototype(&type);
}

absl::StatusOr<std::shared_ptr<const MethodBinding>> BindMethod(
    std::shared_ptr<const TypeSet> types, const ServiceDescriptor& service,
    const std::string& method, std::string_view address) {
  const MethodDescriptor* found = service.FindMethodByName(method);
  if (found == nullptr) {
    return absl::UnimplementedError(absl::StrCat("service ", service.full_name(), " at ",
                                                 std::string(address), " has no method ", method,
                                                 Suggestion(service, method)));
  }
  if (found->client_streaming() || found->server_streaming()) {
    return absl::UnimplementedError(absl::StrCat(found->full_name(), " at ", std::string(address),
                                                 " streams; a task calls unary methods only"));
  }
  auto binding = std::make_shared<MethodBinding>();
  binding->method = found;
  binding->request = &types->Prototype(*found->input_type());
  binding->response = &types->Prototype(*found->output_type());
  binding->proto = MakeCodecs(*found, protojson::Options::Names::kProto);
  binding->aws = MakeCodecs(*found, protojson::Options::Names::kAws);
  binding->types = std::move(types);
  return binding;
}

}  // namespace orderflow::tasks
