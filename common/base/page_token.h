#pragma once

// Paging of lists, the same for every service.
//
//   ORDERFLOW_ASSIGN_OR_RETURN(const Page page, ParsePage(request.page_size(),
//   request.page_token(), filter));
//   ... read page.size + 1 rows after page.cursor (empty: from the start); if there is one more
//   than fits: response.set_next_page_token(MakePageToken(cursor_of_the_last_row_that_fits,
//   filter));

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace orderflow {

// A page as the store reads it.
struct Page {
  int size = 0;
  std::string cursor;  // what MakePageToken was given; empty for the first page
};

struct PageLimits {
  int default_size = 100;
  int max_size = 1000;
};

// Checks the two paging fields of a list request. `filter` is any text that tells lists apart which
// a token must not be carried between: the name of the list and its filters, such as "reservations
// status=1". INVALID_ARGUMENT with a violation of `page_size` or `page_token`, or both.
absl::StatusOr<Page> ParsePage(int64_t page_size, std::string_view page_token,
                               std::string_view filter, const PageLimits& limits = {});

// An opaque token for the rows after `cursor`: at most 512 bytes, chosen by the store, such as the
// last row's key. The token carries a checksum, against tokens that were cut or belong to another
// list; it is no secret and no proof, so a store still treats the cursor as input.
std::string MakePageToken(std::string_view cursor, std::string_view filter);

// What a store answers when a cursor with a good checksum makes no sense to it: INVALID_ARGUMENT,
// `page_token`.
absl::Status BadPageTokenError();

}  // namespace orderflow
