#include "orchestrator/tasks/message_types.h"

#include "google/protobuf/descriptor.pb.h"
#include "gtest/gtest.h"
#include "orchestrator/tasks/type_set.h"
#include "orderflow/inventory/v1/inventory.pb.h"
#include "orderflow/workflow/v1/workflow.pb.h"

namespace orderflow::tasks {
namespace {

using Kind = typecheck::Type::Kind;

typecheck::TaskTypes Describe(const std::string& service, const std::string& method) {
  const auto* found =
      google::protobuf::DescriptorPool::generated_pool()->FindServiceByName(service);
  return DescribeMethod(*found->FindMethodByName(method), nullptr);
}

TEST(MessageTypesTest, FieldsBecomeMembers) {
  static_cast<void>(inventory::v1::CheckInventoryRequest::descriptor());
  const typecheck::TaskTypes types =
      Describe("orderflow.inventory.v1.InventoryService", "CheckInventory");
  EXPECT_EQ(types.request->name, "orderflow.inventory.v1.CheckInventoryRequest");
  EXPECT_FALSE(types.request->open);
  ASSERT_EQ(types.request->members.size(), 3u);
  EXPECT_EQ(types.request->members[0].name, "order_id");
  EXPECT_EQ(types.request->members[0].other_name, "orderId");
  const typecheck::Type* quantity = types.request->Find("quantity");
  EXPECT_EQ(quantity->kind, Kind::kInteger);
  EXPECT_EQ(quantity->min, INT32_MIN);
  EXPECT_EQ(quantity->max, uint64_t{INT32_MAX});
  EXPECT_EQ(types.response->Find("total_minor")->max, uint64_t{INT64_MAX});
  EXPECT_EQ(types.response->Find("inventory_status")->kind, Kind::kText);
}

TEST(MessageTypesTest, TimesEnumerationsListsAndMessagesAreThemselves) {
  static_cast<void>(workflow::v1::DescribeStateMachineRequest::descriptor());
  const typecheck::TaskTypes types =
      Describe("orderflow.workflow.v1.WorkflowService", "DescribeStateMachine");
  EXPECT_EQ(types.response->Find("creation_date")->kind, Kind::kTime);
  const typecheck::Type* logging = types.response->Find("logging_configuration");
  EXPECT_EQ(logging->kind, Kind::kObject);
  EXPECT_EQ(logging->Find("destinations")->kind, Kind::kList);
  EXPECT_EQ(logging->Find("destinations")->item->kind, Kind::kObject);
  const typecheck::Type* level = logging->Find("level");
  EXPECT_EQ(level->kind, Kind::kEnum);
  EXPECT_EQ(level->values.front(), "LOG_LEVEL_UNSPECIFIED");
}

TEST(MessageTypesTest, TypesThatNeedThemselvesAreFinite) {
  // message Node { Node next = 1; }
  google::protobuf::FileDescriptorSet files;
  auto& file = *files.add_file();
  file.set_name("tree.proto");
  file.set_syntax("proto3");
  auto& node = *file.add_message_type();
  node.set_name("Node");
  auto& next = *node.add_field();
  next.set_name("next");
  next.set_number(1);
  next.set_label(google::protobuf::FieldDescriptorProto::LABEL_OPTIONAL);
  next.set_type(google::protobuf::FieldDescriptorProto::TYPE_MESSAGE);
  next.set_type_name(".Node");
  auto& service = *file.add_service();
  service.set_name("Trees");
  auto& method = *service.add_method();
  method.set_name("Grow");
  method.set_input_type(".Node");
  method.set_output_type(".Node");
  const auto set = TypeSet::Create(files);
  ASSERT_TRUE(set.ok()) << set.status();
  const typecheck::TaskTypes types =
      DescribeMethod(*(*set)->FindService("Trees")->FindMethodByName("Grow"), *set);
  EXPECT_EQ(types.request, types.response);
  EXPECT_EQ(types.request->Find("next"), types.request);
}

}  // namespace
}  // namespace orderflow::tasks
