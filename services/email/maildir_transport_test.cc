#include "services/email/maildir_transport.h"

#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <vector>

#include "common/base/await.h"
#include "common/base/test_matchers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace orderflow::email {
namespace {

using Outcome = DeliveryResult::Outcome;
using ::testing::HasSubstr;
namespace fs = std::filesystem;

class MaildirTransportTest : public ::testing::Test {
 protected:
  MaildirTransportTest() {
    static std::atomic<int> count = 0;
    path_ = ::testing::TempDir() + "/maildir" + std::to_string(getpid()) + "." +
            std::to_string(++count);
  }
  ~MaildirTransportTest() override { fs::remove_all(path_); }

  static Mail AMail(const std::string& order_id,
                    const std::string& content = "Subject: x\r\n\r\nbody\r\n") {
    return {.order_id = order_id, .sender = "a@b.c", .recipient = "d@e.f", .content = content};
  }

  std::unique_ptr<MaildirTransport> Open() {
    auto transport = MaildirTransport::Open(path_);
    EXPECT_THAT(transport, IsOk());
    return *std::move(transport);
  }

  static DeliveryResult Deliver(MaildirTransport& transport, Mail mail) {
    return *Await<DeliveryResult>([&](Callback<DeliveryResult> done) {
      transport.Deliver(std::move(mail), [done = std::move(done)](DeliveryResult result) mutable {
        std::move(done)(std::move(result));
      });
    });
  }

  std::vector<std::string> FilesIn(const std::string& folder) const {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(path_ + "/" + folder))
      names.push_back(entry.path().filename());
    return names;
  }

  std::string Content(const std::string& name) const {
    std::ifstream file(path_ + "/new/" + name, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }

  std::string path_;
};

TEST_F(MaildirTransportTest, AMailBecomesAFileThatOnlyTheOwnerReads) {
  auto transport = Open();
  EXPECT_EQ(Deliver(*transport, AMail("12345", "Subject: x\r\n\r\n.\r\n")).outcome, Outcome::kSent);
  EXPECT_THAT(FilesIn("new"), ::testing::ElementsAre("12345.eml"));
  EXPECT_THAT(FilesIn("tmp"), ::testing::IsEmpty());
  EXPECT_TRUE(fs::is_directory(path_ + "/cur"));
  EXPECT_EQ(Content("12345.eml"), "Subject: x\r\n\r\n.\r\n");
  struct stat about = {};
  ASSERT_EQ(stat((path_ + "/new/12345.eml").c_str(), &about), 0);
  EXPECT_EQ(about.st_mode & 0777, 0600u);
  ASSERT_EQ(stat(path_.c_str(), &about), 0);
  EXPECT_EQ(about.st_mode & 0777, 0700u);
}

TEST_F(MaildirTransportTest, AMailDeliveredAgainIsNoSecondFile) {
  auto transport = Open();
  Deliver(*transport, AMail("1"));
  Deliver(*transport, AMail("1", "again"));
  EXPECT_THAT(FilesIn("new"), ::testing::ElementsAre("1.eml"));
  EXPECT_EQ(Content("1.eml"), "again");
}

TEST_F(MaildirTransportTest, MoreMailsThanABatchAllArrive) {
  constexpr int kMails = 3 * MaildirTransport::kMaxBatch + 1;
  std::atomic<int> sent = 0;
  {
    auto transport = Open();
    for (int i = 0; i < kMails; ++i) {
      transport->Deliver(AMail(std::to_string(i)), [&sent](DeliveryResult result) {
        sent += result.outcome == Outcome::kSent;
      });
    }
  }  // delivers what waits
  EXPECT_EQ(sent, kMails);
  EXPECT_EQ(FilesIn("new").size(), static_cast<size_t>(kMails));
}

TEST_F(MaildirTransportTest, AfterShutdownAMailIsPutOff) {
  auto transport = Open();
  transport->Shutdown();
  const DeliveryResult result = Deliver(*transport, AMail("1"));
  EXPECT_EQ(result.outcome, Outcome::kTryLater);
  EXPECT_THAT(FilesIn("new"), ::testing::IsEmpty());
}

TEST_F(MaildirTransportTest, AFolderThatCannotTakeMailsIsUnreachableAndLeavesNothingBehind) {
  auto transport = Open();
  // A folder in the place of the file: rename fails, also for root.
  fs::create_directories(path_ + "/new/1.eml");
  const DeliveryResult result = Deliver(*transport, AMail("1"));
  EXPECT_EQ(result.outcome, Outcome::kUnreachable);
  EXPECT_THAT(result.detail, HasSubstr("maildir: cannot move a mail to its place: "));
  EXPECT_THAT(FilesIn("tmp"), ::testing::IsEmpty());
  // Others are not held up, and the place can be used again.
  EXPECT_EQ(Deliver(*transport, AMail("2")).outcome, Outcome::kSent);
  fs::remove(path_ + "/new/1.eml");
  EXPECT_EQ(Deliver(*transport, AMail("1")).outcome, Outcome::kSent);
}

TEST_F(MaildirTransportTest, AFolderThatIsGoneIsUnreachable) {
  auto transport = Open();
  fs::remove_all(path_ + "/tmp");
  const DeliveryResult result = Deliver(*transport, AMail("1"));
  EXPECT_EQ(result.outcome, Outcome::kUnreachable);
  EXPECT_THAT(result.detail, HasSubstr("cannot write a mail: No such file or directory"));
}

TEST_F(MaildirTransportTest, OldLeftoversAreRemovedAndYoungOnesKept) {
  Open();
  std::ofstream(path_ + "/tmp/old.eml") << "x";
  std::ofstream(path_ + "/tmp/young.eml") << "x";
  fs::last_write_time(path_ + "/tmp/old.eml",
                      fs::file_time_type::clock::now() - std::chrono::hours(37));
  Open();
  EXPECT_THAT(FilesIn("tmp"), ::testing::ElementsAre("young.eml"));
}

TEST_F(MaildirTransportTest, APathThatIsNoFolderIsUnavailable) {
  std::ofstream(path_.c_str()) << "x";
  EXPECT_THAT(MaildirTransport::Open(path_ + "/mail"),
              StatusIs(absl::StatusCode::kUnavailable, HasSubstr(path_)));
  EXPECT_THAT(MaildirTransport::Open(""), StatusIs(absl::StatusCode::kInvalidArgument));
  fs::remove(path_);
}

}  // namespace
}  // namespace orderflow::email
