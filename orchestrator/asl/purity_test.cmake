# Fails if a test binary that links orderflow::asl, and through it all that the language core needs, has anything to do
# with RPC, Protobuf, a database or the network.
#
#   cmake -DBINARY=<path of asl_test> -DNM=<nm> -P purity_test.cmake

execute_process(COMMAND ldd "${BINARY}" OUTPUT_VARIABLE libraries RESULT_VARIABLE failed)
if(failed)
  message(FATAL_ERROR "cannot list the libraries of ${BINARY}")
endif()
# libcrypto is there for its digests.
string(REGEX MATCHALL "lib(grpc|gpr|protobuf|sqlite|pq|curl|ssl|upb)[^ \n]*" found "${libraries}")
if(found)
  message(FATAL_ERROR "the language core links ${found}")
endif()

execute_process(COMMAND "${NM}" -C --undefined-only "${ARCHIVE}" OUTPUT_VARIABLE symbols RESULT_VARIABLE failed)
if(failed)
  message(FATAL_ERROR "cannot list the symbols of ${ARCHIVE}")
endif()
# Also what needs no library: clocks, randomness, files, sockets, threads.
string(REGEX MATCHALL
  " U (clock_gettime|gettimeofday|time|rand|random|getrandom|open|fopen|socket|connect|pthread_create|sleep|usleep|nanosleep|getenv|absl::Now\\(\\)|absl::SleepFor[^\n]*|std::random_device[^\n]*|std::chrono::_V2::[^\n]*|std::thread[^\n]*|grpc::[^\n]*|google::protobuf[^\n]*|sqlite3_[^\n]*|PQ[a-z]+)\n"
  found "${symbols}")
if(found)
  message(FATAL_ERROR "the language core is not pure, it uses ${found}")
endif()
message(STATUS "the language core is pure")
