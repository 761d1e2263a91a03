// How jemalloc is to behave in the programs that are linked with it; it looks for this name.
//
// Four arenas, however many cores there are: threads take most from caches of their own, and each
// arena keeps memory of its own. See "TUNING" in jemalloc(3).
extern "C" const char* malloc_conf;
const char* malloc_conf = "narenas:4";
